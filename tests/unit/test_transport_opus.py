from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from visavis.kernel.media import Pcm
from visavis.transport import opus
from visavis.transport.conceal import PcmConcealer
from visavis.transport.opus_av import AvOpusDecoder, AvOpusEncoder


def tone(hz: float, seconds: float, rate_hz: int, level: int = 8000) -> Pcm:
    pcm: Pcm = (np.sin(2 * np.pi * hz * np.arange(int(seconds * rate_hz)) / rate_hz) * level).astype(np.int16)
    return pcm


def loudest_hz(pcm: NDArray[np.int16], rate_hz: int) -> float:
    spectrum = np.abs(np.fft.rfft(pcm * np.hanning(len(pcm))))
    return float(np.argmax(spectrum)) * rate_hz / len(pcm)


def packets(pcm: Pcm, rate_hz: int, encoder: opus.Encoder) -> list[bytes]:
    step = rate_hz // 50
    return [encoder.encode(pcm[start : start + step]) for start in range(0, len(pcm), step)]


def codecs() -> list[tuple[opus.Encoder, opus.Decoder]]:
    made: list[tuple[opus.Encoder, opus.Decoder]] = [(AvOpusEncoder(24_000, 32_000), AvOpusDecoder(16_000))]
    lib = opus.library()
    if lib is not None:
        made.append((opus.OpusEncoder(lib, 24_000, 32_000, dtx=False), opus.OpusDecoder(lib, 16_000)))
    return made


def test_pyav_brings_a_libopus_that_can_be_called() -> None:
    assert opus.library() is not None
    assert isinstance(opus.new_decoder(), opus.OpusDecoder)


@pytest.mark.parametrize("which", [0, 1])
def test_24_khz_in_comes_out_as_the_same_tone_at_16_khz(which: int) -> None:
    encoder, decoder = codecs()[which]
    heard = np.concatenate([decoder.decode(p) for p in packets(tone(440, 1.0, 24_000), 24_000, encoder) if p])
    assert abs(len(heard) - 16_000) <= 800
    middle = heard[4_000:12_000]
    assert loudest_hz(middle, 16_000) == pytest.approx(440, abs=5)
    assert 3_000 < float(np.abs(middle).max()) < 12_000


def test_forward_error_correction_brings_back_a_lost_packet_better_than_concealment() -> None:
    lib = opus.library()
    assert lib is not None
    rng = np.random.default_rng(1)
    wave = tone(200, 1.2, 24_000, 6000).astype(np.float64)
    wave *= 0.3 + 0.7 * np.repeat(rng.random(15), len(wave) // 15 + 1)[: len(wave)]  # syllables
    sent = packets(wave.astype(np.int16), 24_000, opus.OpusEncoder(lib, 24_000, 32_000, loss_percent=20, dtx=False))
    whole, fec, plain = (opus.OpusDecoder(lib, 16_000) for _ in range(3))
    fec_error = plain_error = 0.0
    for n in range(5, len(sent) - 1, 4):
        for decoder in (whole, fec, plain):
            for packet in sent[n - 4 : n]:
                decoder.decode(packet)
        truth = whole.decode(sent[n]).astype(np.float64)
        fec_error += float(np.sum((fec.decode_fec(sent[n + 1], 320) - truth) ** 2))
        plain_error += float(np.sum((plain.conceal(320) - truth) ** 2))
    assert fec_error < 0.7 * plain_error


@pytest.mark.parametrize("which", [0, 1])
@pytest.mark.parametrize("samples", [1, 100, 320, 640, 961, 16_000])
def test_concealment_is_as_long_as_asked_and_fades_out(which: int, samples: int) -> None:
    encoder, decoder = codecs()[which]
    for packet in packets(tone(150, 0.4, 24_000), 24_000, encoder):
        if packet:
            decoder.decode(packet)
    concealed = decoder.conceal(samples)
    assert len(concealed) == samples
    assert np.abs(concealed[3_200:].astype(int)).max(initial=0) < 500


@pytest.mark.parametrize("garbage", [b"", b"\xff", b"\x03", b"\x00" * 3, bytes(range(256)) * 5, b"\xfc\xff\xfe" * 40])
def test_a_damaged_packet_is_concealed_and_never_an_error(garbage: bytes) -> None:
    decoder = opus.new_decoder()
    pcm = decoder.decode(garbage)
    assert pcm.dtype == np.int16
    assert 0 < len(pcm) <= 16_000 * 0.12
    assert len(decoder.decode_fec(garbage, 320)) == 320


def test_the_length_of_a_packet_is_read_from_its_first_bytes() -> None:
    lib = opus.library()
    assert lib is not None
    for ms, samples in ((10, 480), (20, 960), (40, 1920), (60, 2880)):
        encoder = opus.OpusEncoder(lib, 24_000, 24_000)
        assert opus.packet_samples(encoder.encode(tone(300, ms / 1000, 24_000))) == samples
    assert opus.packet_samples(b"") == 0
    assert opus.packet_samples(b"\x03\x3f") == 0  # 63 frames of 10 ms: longer than any packet may be


def test_silence_ends_in_the_tiny_packets_of_dtx() -> None:
    encoder = opus.new_encoder()
    sizes = [len(encoder.encode(np.zeros(480, dtype=np.int16))) for _ in range(30)]
    assert min(sizes) <= 2
    assert opus.is_dtx(encoder.encode(np.zeros(480, dtype=np.int16))) or sizes[-1] <= 2


def test_an_impossible_frame_length_is_refused() -> None:
    with pytest.raises(ValueError, match="no Opus frame"):
        opus.new_encoder().encode(np.zeros(123, dtype=np.int16))


def test_pcm_concealment_goes_on_with_the_pitch_and_joins_without_a_click() -> None:
    concealer = PcmConcealer(16_000)
    wave = tone(125, 0.5, 16_000)
    concealer.heard(wave[:4_000])
    made = concealer.conceal(640)
    assert loudest_hz(made, 16_000) == pytest.approx(125, abs=30)
    seam = np.concatenate([wave[3_990:4_000], made[:10]]).astype(int)
    assert np.abs(np.diff(seam)).max() < 1_500
    back = concealer.heard(wave[4_640:5_000])
    assert len(back) == 360
    assert abs(int(back[0]) - int(made[-1])) < 1_500


def test_pcm_concealment_of_nothing_heard_is_silence() -> None:
    assert not PcmConcealer(16_000).conceal(320).any()
