"""Who has the floor. Pure functions of events and media time: no `await`, no clocks, no threads."""
