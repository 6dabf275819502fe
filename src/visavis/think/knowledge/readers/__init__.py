"""Readers: bytes of one format in, a `Reading` out. Blocking; they raise DocumentRefused for what is not theirs."""
