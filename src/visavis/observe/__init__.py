"""Figures read from the journal: each turn's waterfall against the latency budget."""
