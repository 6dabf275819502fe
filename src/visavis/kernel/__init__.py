"""The types every room shares: clock, media, events, errors, settings, registry. No I/O, no vendors."""
