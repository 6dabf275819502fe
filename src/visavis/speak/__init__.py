"""Speaking: cutting text into clauses, voices, mouth shapes, and the pacer that knows what was heard."""
