"""The resampler of live streams, which stands in the kernel because doors need it too."""

from __future__ import annotations

from visavis.kernel.resample import Resampler

__all__ = ["Resampler"]
