"""The log-mel picture of sound that Whisper-style models look at: 80 bands, one column every 10 ms. Pure numpy.

Same numbers as OpenAI's Whisper feature extraction (Slaney mel scale and area normalisation, Hann window of 25 ms,
reflected edges, log10 clamped to 8 below the loudest, (x + 4) / 4), with the waveform brought to zero mean and unit
variance first, as smart-turn was trained. In double precision, because its int8 model answers differences in the
sixth place with differences in the second.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from visavis.hear.base import HEAR_RATE_HZ
from visavis.kernel.media import Samples

BANDS = 80
HOP = 160
FFT = 400

_Floats = NDArray[np.float32]
_Doubles = NDArray[np.float64]


def log_mel(samples: Samples, seconds: int) -> _Floats:
    """`samples` at 16 kHz → shape (80, 100 · seconds). The last `seconds` count; shorter audio is padded before."""
    length = seconds * HEAR_RATE_HZ
    samples = samples[-length:]
    padding = length - len(samples)
    # Columns that see nothing but padding are all alike: they are computed once.
    alike = max(0, (padding - FFT) // HOP - 3)
    level = _normalised(np.pad(samples, (padding, 0)))[alike * HOP :]
    reflected = np.pad(level, FFT // 2, mode="reflect")
    windows = sliding_window_view(reflected, FFT)[::HOP][: length // HOP - alike]
    spectrum = np.fft.rfft(windows * _hann(), axis=1)
    power = spectrum.real**2 + spectrum.imag**2
    bands = np.log10(np.maximum(power @ _mel_filters(), 1e-10)).T
    if alike:
        bands = np.concatenate((np.repeat(bands[:, 2:3], alike, axis=1), bands), axis=1)
    picture: _Floats = ((np.maximum(bands, bands.max() - 8) + 4) / 4).astype(np.float32)
    return picture


def _normalised(samples: Samples) -> Samples:
    level: Samples = (samples - samples.mean()) / np.sqrt(samples.var() + np.float32(1e-7))
    return level


@lru_cache(maxsize=1)
def _hann() -> _Doubles:
    return np.hanning(FFT + 1)[:-1]


@lru_cache(maxsize=1)
def _mel_filters() -> _Doubles:
    """Triangles of equal area, evenly spread over the Slaney mel scale, shape (201, 80)."""
    frequencies = np.linspace(0, HEAR_RATE_HZ / 2, FFT // 2 + 1)
    edges = _hertz(np.linspace(0, _mel(HEAR_RATE_HZ / 2), BANDS + 2))
    low, middle, high = edges[:-2], edges[1:-1], edges[2:]
    rising = (frequencies[:, None] - low) / (middle - low)
    falling = (high - frequencies[:, None]) / (high - middle)
    filters: _Doubles = np.clip(np.minimum(rising, falling), 0, None) * (2 / (high - low))
    return filters


_LINEAR_HZ = 1000.0  # below: 200 / 3 Hz a mel; above: logarithmic, 27 mels for a factor of 6.4
_LINEAR_MELS = 15.0
_MELS_PER_FACTOR = 27 / np.log(6.4)


def _mel(hertz: float) -> float:
    """For frequencies in the logarithmic part."""
    return float(_LINEAR_MELS + np.log(hertz / _LINEAR_HZ) * _MELS_PER_FACTOR)


def _hertz(mels: _Doubles) -> _Doubles:
    above = _LINEAR_HZ * np.exp((mels - _LINEAR_MELS) / _MELS_PER_FACTOR)
    return np.where(mels < _LINEAR_MELS, mels * 200 / 3, above)
