"""A door's rate conversion loses nothing and keeps nobody waiting."""

from __future__ import annotations

import numpy as np
import pytest

from visavis.transport.pcm_rate import PcmRate


@pytest.mark.parametrize("in_hz", [8_000, 16_000, 24_000, 44_100, 48_000])
@pytest.mark.parametrize("out_hz", [8_000, 16_000, 24_000])
def test_live_audio_is_at_most_two_milliseconds_behind(in_hz: int, out_hz: int) -> None:
    rate = PcmRate(in_hz, out_hz)
    piece = (np.sin(np.arange(in_hz // 50) * 0.1) * 5_000).astype(np.int16)
    got = 0
    for count in range(1, 30):
        got += len(rate.convert(piece))
        assert 0 <= count * 0.02 - got / out_hz <= 0.0022
    got += len(rate.finish())
    assert got == pytest.approx(29 * 0.02 * out_hz, abs=1)


def test_rates_without_a_common_measure_work_too() -> None:
    rate = PcmRate(44_101, 16_000)
    got = sum(len(rate.convert(np.full(882, 1_000, np.int16))) for _ in range(50)) + len(rate.finish())
    assert got == pytest.approx(50 * 882 / 44_101 * 16_000, abs=2)
    assert len(rate.finish()) == 0
