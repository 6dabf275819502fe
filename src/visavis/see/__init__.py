"""Seeing: faces in the camera's picture, and the visual cues of a conversation. Never in the way of the voice."""
