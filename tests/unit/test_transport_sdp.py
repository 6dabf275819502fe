from __future__ import annotations

from visavis.transport.webrtc_sdp import ask_for_opus

OFFER = (
    "v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111 63 9\r\na=rtpmap:111 opus/48000/2\r\na=rtcp-fb:111 transport-cc\r\n"
    "a=fmtp:111 minptime=10;useinbandfec=1;stereo=1\r\na=rtpmap:63 red/48000/2\r\na=fmtp:63 111/111\r\n"
    "a=rtpmap:9 G722/8000\r\n"
)


def test_opus_is_asked_to_be_mono_with_fec_and_without_dtx() -> None:
    tuned = ask_for_opus(OFFER, bitrate=24_000)
    lines = tuned.split("\r\n")
    fmtp = [line for line in lines if line.startswith("a=fmtp:111 ")]
    assert len(fmtp) == 1
    for wish in ("useinbandfec=1", "usedtx=0", "stereo=0", "maxaveragebitrate=24000", "minptime=10"):
        assert wish in fmtp[0].split(" ")[1].split(";")
    assert lines.index(fmtp[0]) == lines.index("a=rtpmap:111 opus/48000/2") + 1


def test_nothing_else_changes_and_twice_is_once() -> None:
    tuned = ask_for_opus(OFFER)
    assert "a=fmtp:63 111/111\r\n" in tuned
    assert ask_for_opus(tuned) == tuned
    assert ask_for_opus("v=0\r\n") == "v=0\r\n"
    others = [line for line in OFFER.split("\r\n") if not line.startswith("a=fmtp:111")]
    assert [line for line in tuned.split("\r\n") if not line.startswith("a=fmtp:111")] == others
