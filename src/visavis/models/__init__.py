"""Model files (manifest, store) and the compute they share (scheduler). No policy."""
