"""Opus through PyAV, for machines where libopus cannot be called directly. Same shape as `opus`, less of it: no
forward error correction, concealment on PCM, no DTX."""

from __future__ import annotations

from fractions import Fraction

import av
import numpy as np
from av.audio.codeccontext import AudioCodecContext

from visavis.kernel.media import Pcm
from visavis.kernel.resample import Resampler
from visavis.transport.conceal import PcmConcealer

_OPUS_HZ = 48_000


class AvOpusDecoder:
    """Decodes at 48 kHz and resamples to `rate_hz`."""

    def __init__(self, rate_hz: int) -> None:
        self.rate_hz = rate_hz
        codec = av.CodecContext.create("libopus", "r")
        assert isinstance(codec, AudioCodecContext)
        codec.format, codec.layout, codec.sample_rate = "s16", "mono", _OPUS_HZ
        self._codec = codec
        self._resampler = Resampler(_OPUS_HZ, rate_hz)
        self._concealer = PcmConcealer(rate_hz)

    def decode(self, payload: bytes) -> Pcm:
        try:
            frames = self._codec.decode(av.Packet(payload))
        except av.FFmpegError:
            return self.conceal(self.rate_hz // 50)
        if not frames:
            return self.conceal(self.rate_hz // 50)
        parts = [_mono(np.asarray(frame.to_ndarray(), dtype=np.int16), frame.layout.nb_channels) for frame in frames]
        mono = np.concatenate(parts)
        return self._concealer.heard(self._resampler.push(mono))

    def decode_fec(self, next_payload: bytes, samples: int) -> Pcm:
        return self.conceal(samples)

    def conceal(self, samples: int) -> Pcm:
        return self._concealer.conceal(samples)


def _mono(interleaved: Pcm, channels: int) -> Pcm:
    flat = interleaved.reshape(-1)
    if channels == 1:
        return flat
    mixed: Pcm = flat.reshape(-1, channels).mean(axis=1).astype(np.int16)
    return mixed


class AvOpusEncoder:
    """Encodes 20 ms frames of mono int16 at `rate_hz`."""

    def __init__(self, rate_hz: int, bitrate: int) -> None:
        self.rate_hz = rate_hz
        codec = av.CodecContext.create("libopus", "w")
        assert isinstance(codec, AudioCodecContext)
        codec.bit_rate = bitrate
        codec.format, codec.layout, codec.sample_rate = "s16", "mono", rate_hz
        codec.options = {"application": "voip", "fec": "1", "packet_loss": "10"}
        codec.time_base = Fraction(1, rate_hz)
        self._codec = codec
        self._count = 0

    def encode(self, pcm: Pcm) -> bytes:
        frame = av.AudioFrame.from_ndarray(pcm.reshape(1, -1), format="s16", layout="mono")
        frame.sample_rate, frame.pts = self.rate_hz, self._count
        self._count += len(pcm)
        return b"".join(bytes(packet) for packet in self._codec.encode(frame))
