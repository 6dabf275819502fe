"""Tools of the demo agent."""


def workshop_status() -> str:
    """How busy the workshop is today, and when a bicycle brought now would be ready."""
    return "Two bicycles are waiting. A basic service brought in now is ready tomorrow at noon."
