"""The append-only record of a session: one writer, several stores, and the readers that need nothing else."""
