"""Session descriptions: what we ask of the far side's Opus encoder. Pure text (RFC 8866, RFC 7587)."""

from __future__ import annotations

import re

MAX_SDP_BYTES = 65_536
_OPUS = re.compile(r"^a=rtpmap:(\d+) opus/48000/2\s*$", re.IGNORECASE | re.MULTILINE)


def ask_for_opus(sdp: str, *, bitrate: int = 32_000) -> str:
    """`sdp` with one fmtp line per Opus payload type, asking for mono, in-band FEC, no DTX and 20 ms packets.

    Mono because we mix down anyway; FEC because there is no retransmission for audio; no DTX because pauses
    should arrive as audio, so that the end of an utterance is heard at once.
    """
    for payload_type in dict.fromkeys(_OPUS.findall(sdp)):
        sdp = _with_fmtp(sdp, payload_type, bitrate)
    return sdp


def _with_fmtp(sdp: str, payload_type: str, bitrate: int) -> str:
    wanted = f"minptime=10;useinbandfec=1;usedtx=0;stereo=0;sprop-stereo=0;maxaveragebitrate={bitrate}"
    line = f"a=fmtp:{payload_type} {wanted}"
    without = re.sub(rf"^a=fmtp:{payload_type} .*\r?\n", "", sdp, flags=re.MULTILINE)
    ending = "\r\n" if "\r\n" in sdp else "\n"
    rtpmap = re.compile(rf"^(a=rtpmap:{payload_type} opus/48000/2)\s*?$\r?\n", re.IGNORECASE | re.MULTILINE)
    return rtpmap.sub(rf"\g<1>{ending}{line}{ending}", without)
