"""Doors into a call. Each maps its own clock to media time and speaks the same typed messages."""
