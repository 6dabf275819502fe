"""Opus, straight from the libopus that PyAV's wheels bundle.

libopus decodes at 16 kHz and encodes at 24 kHz by itself, which saves two resamplers, and it conceals losses far
better than anything done to PCM afterwards. PyAV's own interface offers neither, hence this binding (RFC 6716,
libopus 1.6 API read 2026-11-22). Where no libopus can be found the same classes run on PyAV's codec, and
`conceal.PcmConcealer` bridges the gaps.
"""

from __future__ import annotations

import ctypes
import ctypes.util
from functools import cache
from pathlib import Path
from typing import Protocol

import av
import numpy as np

from visavis.kernel.media import Pcm
from visavis.transport.opus_av import AvOpusDecoder, AvOpusEncoder

MAX_PACKET_BYTES = 1275
MAX_PACKET_S = 0.12
_APPLICATION_VOIP = 2048
_SET_BITRATE, _SET_COMPLEXITY, _SET_INBAND_FEC, _SET_PACKET_LOSS, _SET_DTX = 4002, 4010, 4012, 4014, 4016
_COMPLEXITY = 5
"""Of 0–10. Above 5 a 24 kHz voice sounds the same and costs twice the time."""

_SILK_MS = (10, 20, 40, 60)
_CELT_TENTHS_MS = (25, 50, 100, 200)


def packet_samples(payload: bytes) -> int:
    """Length of one Opus packet in 48 kHz samples, from its first two bytes (RFC 6716, 3.1 and 3.2).

    0 for an empty or impossible packet.
    """
    if not payload:
        return 0
    config, code = payload[0] >> 3, payload[0] & 3
    if config < 12:
        frame = 48 * _SILK_MS[config & 3]
    elif config < 16:
        frame = 48 * (10, 20)[config & 1]
    else:
        frame = 48 * _CELT_TENTHS_MS[config & 3] // 10
    if code < 3:
        return frame * (1 if code == 0 else 2)
    count = payload[1] & 63 if len(payload) > 1 else 0
    samples = count * frame
    return samples if samples <= 5760 else 0


def is_dtx(payload: bytes) -> bool:
    """True for the one- or two-byte packet with which an encoder says that silence goes on."""
    return len(payload) <= 2


class Decoder(Protocol):
    """One stream's decoder. Mono int16 at `rate_hz`; damaged packets give concealed audio, never an error."""

    rate_hz: int

    def decode(self, payload: bytes) -> Pcm: ...
    def decode_fec(self, next_payload: bytes, samples: int) -> Pcm: ...
    def conceal(self, samples: int) -> Pcm: ...


class Encoder(Protocol):
    """One stream's encoder, fed 20 ms of mono int16 at `rate_hz` at a time."""

    rate_hz: int

    def encode(self, pcm: Pcm) -> bytes: ...


@cache
def library() -> ctypes.CDLL | None:
    """The libopus to use, with its functions typed, or None."""
    for path in _candidates():
        try:
            lib = ctypes.CDLL(path)
            _declare(lib)
        except (OSError, AttributeError):
            continue
        return lib
    return None


def _candidates() -> list[str]:
    package = Path(av.__file__).parent
    bundled = [package.parent / "av.libs", package / ".dylibs"]
    found = [str(path) for folder in bundled for path in sorted(folder.glob("*opus[-.]*"))]
    system = ctypes.util.find_library("opus")
    return found + ([system] if system else [])


def _declare(lib: ctypes.CDLL) -> None:
    pcm, data, size = ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int32
    lib.opus_decoder_create.argtypes = [size, ctypes.c_int, ctypes.POINTER(ctypes.c_int)]
    lib.opus_decoder_create.restype = ctypes.c_void_p
    lib.opus_decode.argtypes = [ctypes.c_void_p, data, size, pcm, ctypes.c_int, ctypes.c_int]
    lib.opus_decoder_destroy.argtypes = [ctypes.c_void_p]
    lib.opus_decoder_destroy.restype = None
    lib.opus_encoder_create.argtypes = [size, ctypes.c_int, ctypes.c_int, ctypes.POINTER(ctypes.c_int)]
    lib.opus_encoder_create.restype = ctypes.c_void_p
    lib.opus_encode.argtypes = [ctypes.c_void_p, pcm, ctypes.c_int, ctypes.c_void_p, size]
    lib.opus_encode.restype = ctypes.c_int32
    lib.opus_encoder_ctl.argtypes = [ctypes.c_void_p, ctypes.c_int]
    lib.opus_encoder_destroy.argtypes = [ctypes.c_void_p]
    lib.opus_encoder_destroy.restype = None


class OpusDecoder:
    """libopus decoder. `rate_hz` is one of 8000, 12000, 16000, 24000, 48000; stereo is mixed down."""

    def __init__(self, lib: ctypes.CDLL, rate_hz: int) -> None:
        self.rate_hz = rate_hz
        self._lib = lib
        error = ctypes.c_int()
        self._state: int | None = lib.opus_decoder_create(rate_hz, 1, ctypes.byref(error))
        if error.value != 0 or not self._state:
            raise ValueError(f"libopus refused a decoder at {rate_hz} Hz (error {error.value})")
        self._room = np.zeros(int(MAX_PACKET_S * rate_hz), dtype=np.int16)

    def decode(self, payload: bytes) -> Pcm:
        """The packet's audio; as much concealment when the packet is damaged."""
        got = self._run(payload, len(self._room), fec=False) if payload else None
        if got is not None:
            return got
        return self.conceal(packet_samples(payload) * self.rate_hz // 48_000 or self.rate_hz // 50)

    def decode_fec(self, next_payload: bytes, samples: int) -> Pcm:
        """The `samples` just before `next_payload`, from the copy that it carries; concealed when it has none."""
        got = self._run(next_payload, samples, fec=True)
        return got if got is not None and len(got) == samples else self.conceal(samples)

    def conceal(self, samples: int) -> Pcm:
        """`samples` (any number) of concealment; fades to silence over some 100 ms."""
        step = self.rate_hz // 400
        parts = []
        left = -(-samples // step) * step
        while left > 0:
            piece = min(left, self.rate_hz // 50)
            got = self._run(None, piece, fec=False)
            parts.append(got if got is not None else np.zeros(piece, dtype=np.int16))
            left -= piece
        return np.concatenate(parts)[:samples] if parts else np.zeros(0, dtype=np.int16)

    def _run(self, payload: bytes | None, room: int, *, fec: bool) -> Pcm | None:
        size = len(payload) if payload else 0
        out = self._room.ctypes.data
        got: int = self._lib.opus_decode(self._state, payload, size, out, min(room, len(self._room)), int(fec))
        return self._room[:got].copy() if got > 0 else None

    def __del__(self) -> None:
        state, self._state = getattr(self, "_state", None), None
        if state:
            self._lib.opus_decoder_destroy(state)


class OpusEncoder:
    """libopus encoder: mono voice, in-band FEC for `loss_percent`, DTX when asked."""

    def __init__(
        self, lib: ctypes.CDLL, rate_hz: int, bitrate: int, *, loss_percent: int = 10, dtx: bool = True
    ) -> None:
        self.rate_hz = rate_hz
        self._lib = lib
        error = ctypes.c_int()
        self._state: int | None = lib.opus_encoder_create(rate_hz, 1, _APPLICATION_VOIP, ctypes.byref(error))
        if error.value != 0 or not self._state:
            raise ValueError(f"libopus refused an encoder at {rate_hz} Hz (error {error.value})")
        self._out = ctypes.create_string_buffer(MAX_PACKET_BYTES)
        for request, value in (
            (_SET_BITRATE, bitrate),
            (_SET_COMPLEXITY, _COMPLEXITY),
            (_SET_INBAND_FEC, 1),
            (_SET_PACKET_LOSS, loss_percent),
            (_SET_DTX, int(dtx)),
        ):
            if lib.opus_encoder_ctl(self._state, request, ctypes.c_int32(value)) != 0:
                raise ValueError(f"libopus refused setting {request} = {value}")

    def encode(self, pcm: Pcm) -> bytes:
        """One packet for 2.5, 5, 10, 20, 40 or 60 ms of audio; ValueError for any other length."""
        pcm = np.ascontiguousarray(pcm, dtype=np.int16)
        size: int = self._lib.opus_encode(self._state, pcm.ctypes.data, len(pcm), self._out, MAX_PACKET_BYTES)
        if size < 0:
            raise ValueError(f"{len(pcm)} samples at {self.rate_hz} Hz make no Opus frame (error {size})")
        return self._out.raw[:size]

    def __del__(self) -> None:
        state, self._state = getattr(self, "_state", None), None
        if state:
            self._lib.opus_encoder_destroy(state)


def new_decoder(rate_hz: int = 16_000) -> Decoder:
    """A decoder on libopus, or on PyAV's codec where there is none."""
    lib = library()
    return OpusDecoder(lib, rate_hz) if lib else AvOpusDecoder(rate_hz)


def new_encoder(rate_hz: int = 24_000, bitrate: int = 32_000, *, dtx: bool = True) -> Encoder:
    """An encoder on libopus, or on PyAV's codec (no DTX there)."""
    lib = library()
    return OpusEncoder(lib, rate_hz, bitrate, dtx=dtx) if lib else AvOpusEncoder(rate_hz, bitrate)
