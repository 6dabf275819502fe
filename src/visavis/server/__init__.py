"""HTTP, signalling and the processes that serve: no business rules."""
