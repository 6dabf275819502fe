"""The log-mel picture, against a slow, plain computation of the same formula."""

from __future__ import annotations

import numpy as np
import pytest

from visavis.hear.log_mel import log_mel

RATE = 16_000


def mel(hertz: float) -> float:
    return hertz * 3 / 200 if hertz < 1000 else 15 + 27 * np.log(hertz / 1000) / np.log(6.4)


def hertz(mels: float) -> float:
    return mels * 200 / 3 if mels < 15 else 1000 * 6.4 ** ((mels - 15) / 27)


def plain(samples: np.ndarray, seconds: int) -> np.ndarray:
    """Column by column, band by band."""
    padded = np.zeros(seconds * RATE)
    samples = samples[-len(padded) :]
    padded[len(padded) - len(samples) :] = samples
    padded = (padded - padded.mean()) / np.sqrt(padded.var() + 1e-7)
    around = np.concatenate((padded[200:0:-1], padded, padded[-2:-202:-1]))
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(400) / 400)
    edges = [hertz(m) for m in np.linspace(0, mel(RATE / 2), 82)]
    bins = np.arange(201) * RATE / 400
    picture = np.zeros((80, seconds * 100))
    for column in range(seconds * 100):
        power = np.abs(np.fft.rfft(around[column * 160 : column * 160 + 400] * hann)) ** 2
        for band in range(80):
            low, middle, high = edges[band : band + 3]
            shape = np.clip(np.minimum((bins - low) / (middle - low), (high - bins) / (high - middle)), 0, None)
            picture[band, column] = np.log10(max(1e-10, float(power @ shape) * 2 / (high - low)))
    return (np.maximum(picture, picture.max() - 8) + 4) / 4


@pytest.mark.parametrize("length", [160, 700, 9_000, RATE, RATE + 77, 3 * RATE])
def test_equals_the_plain_computation(length: int) -> None:
    noise = np.random.default_rng(length)
    samples = (np.sin(np.arange(length) / 9) * 0.2 + noise.standard_normal(length) * 0.01).astype(np.float32)
    made = log_mel(samples, 1)
    assert made.shape == (80, 100)
    assert made.dtype == np.float32
    assert made == pytest.approx(plain(samples, 1), abs=1e-4)


def test_only_the_last_seconds_count_and_silence_is_flat() -> None:
    samples = np.random.default_rng(0).standard_normal(5 * RATE).astype(np.float32)
    assert np.array_equal(log_mel(samples, 2), log_mel(samples[-2 * RATE :], 2))
    assert np.ptp(log_mel(np.zeros(RATE, np.float32), 8)) == 0
