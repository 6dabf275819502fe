"""The one room that wires rooms: a session and its replies, deadlines and apologies."""
