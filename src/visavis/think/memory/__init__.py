"""Memory: what a call told, and what earlier calls with the same person did."""
