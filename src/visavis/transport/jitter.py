"""An adaptive jitter buffer: RTP packets in, an unbroken run of audio steps out. Pure: no loop, no clock, no codec.

Packets in order leave at once. Behind a hole they wait for the missing one, but no longer than until `patience`
later packets are there (2; more for a while when packets do come out of order) or the hold has passed, which
follows the measured jitter (RFC 3550, 6.4.1). A hole becomes `Conceal`, with the packet behind it when that may
carry a copy of what was lost. A jump of the timestamp without a jump of the sequence number is silence that was
not sent. All lengths and timestamps are in 48 kHz samples, all times in milliseconds.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

RTP_HZ = 48_000
_PER_MS = RTP_HZ // 1000
_DEFAULT_SAMPLES = 960
_MAX_JUMP = 3 * RTP_HZ
_MAX_SEQ_JUMP = 300
_MAX_HELD = 50
_PATIENCE, _MOST_PATIENCE = 2, 5
_PATIENCE_DECAY_MS = 10_000.0
_HOLD_MS = (10.0, 80.0)
_PACE_MS = 60.0
"""So much sound must come at the pace of speech before a stream that stands behind its time goes on from there."""
_PACE_PACKETS = 10


@dataclass(frozen=True, slots=True)
class Play:
    """Decode `payload`. `timestamp` is unwrapped: it never runs backwards except across a `Reset`."""

    payload: bytes
    timestamp: int
    samples: int


@dataclass(frozen=True, slots=True)
class Conceal:
    """`samples` were lost; the last `fec_samples` of them may be in `fec`, the packet that comes next."""

    timestamp: int
    samples: int
    fec: bytes | None = None
    fec_samples: int = 0


@dataclass(frozen=True, slots=True)
class Silence:
    """The sender had nothing to say for `samples`."""

    timestamp: int
    samples: int


@dataclass(frozen=True, slots=True)
class Reset:
    """The stream began anew: forget the decoder's state and the time mapping."""


Step = Play | Conceal | Silence | Reset


@dataclass(slots=True)
class JitterStats:
    """Counts of packets since the beginning; `jitter_ms` is the current estimate."""

    received: int = 0
    lost: int = 0
    late: int = 0
    duplicate: int = 0
    reordered: int = 0
    resets: int = 0
    jitter_ms: float = 0.0


@dataclass(slots=True)
class _Held:
    seq: int
    timestamp: int
    payload: bytes
    samples: int
    arrived_ms: float


@dataclass(slots=True)
class _Unwrapper:
    """Continues a counter of `bits` bits over its wrap."""

    bits: int
    last: int | None = None

    def unwrap(self, value: int) -> int:
        span = 1 << self.bits
        if self.last is None:
            self.last = value
            return value
        step = (value - self.last + span // 2) % span - span // 2
        unwrapped = self.last + step
        self.last = max(self.last, unwrapped)
        return unwrapped


@dataclass(slots=True)
class JitterBuffer:
    stats: JitterStats = field(default_factory=JitterStats)
    _held: dict[int, _Held] = field(default_factory=dict)
    _seqs: _Unwrapper = field(default_factory=lambda: _Unwrapper(16))
    _stamps: _Unwrapper = field(default_factory=lambda: _Unwrapper(32))
    _next_seq: int | None = None
    _next_timestamp: int = 0
    _patience: int = _PATIENCE
    _patient_until_ms: float = 0.0
    _last: tuple[float, int] | None = None
    _recent: dict[int, None] = field(default_factory=dict)
    _behind: deque[_Held] = field(default_factory=lambda: deque(maxlen=_PACE_PACKETS))
    """The last packets, in order, whose time had been passed over."""

    def push(self, seq: int, timestamp: int, payload: bytes, samples: int, now_ms: float) -> list[Step]:
        """A packet arrived; `samples` is its length (0 when unknown). Returns what can be played now."""
        steps: list[Step] = []
        self.stats.received += 1
        if self._jumped(seq, timestamp):
            steps += self.flush()
            self._restart()
            self.stats.resets += 1
            steps.append(Reset())
        packet = _Held(
            self._seqs.unwrap(seq), self._stamps.unwrap(timestamp), payload, samples or _DEFAULT_SAMPLES, now_ms
        )
        if self._next_seq is None:
            self._next_seq, self._next_timestamp = packet.seq, packet.timestamp
        self._measure(packet)
        if self._keep(packet, now_ms):
            self._held[packet.seq] = packet
            self._behind.clear()
        return steps + self._caught_up() + self.poll(now_ms)

    def poll(self, now_ms: float) -> list[Step]:
        """What may be played at `now_ms`; call it again at `deadline_ms`."""
        steps: list[Step] = []
        while self._held:
            assert self._next_seq is not None
            packet = self._held.pop(self._next_seq, None)
            if packet is None:
                if not self._give_up(now_ms):
                    break
                packet = self._held.pop(min(self._held))
            steps += self._release(packet)
        return steps

    def flush(self) -> list[Step]:
        """Everything held, holes concealed, without waiting."""
        steps: list[Step] = []
        for seq in sorted(self._held):
            steps += self._release(self._held.pop(seq))
        return steps

    def pass_over(self, samples: int) -> Silence | None:
        """The sender is silent, or away: move on by `samples` without a packet. None while packets wait."""
        if self._next_seq is None or self._held:
            return None
        silence = Silence(self._next_timestamp, samples)
        self._next_timestamp += samples
        return silence

    @property
    def next_timestamp(self) -> int | None:
        """Unwrapped timestamp of the next sample to play; None before the first packet."""
        return None if self._next_seq is None else self._next_timestamp

    @property
    def deadline_ms(self) -> float | None:
        """When the hole in front will be given up; None when nothing waits."""
        if not self._held:
            return None
        return min(packet.arrived_ms for packet in self._held.values()) + self.hold_ms

    @property
    def hold_ms(self) -> float:
        """Longest wait for a missing packet: four times the jitter, within bounds."""
        shortest, longest = _HOLD_MS
        return min(longest, max(shortest, 4.0 * self.stats.jitter_ms))

    def _jumped(self, seq: int, timestamp: int) -> bool:
        if self._seqs.last is None or self._next_seq is None:
            return False
        seq_step = (seq - self._seqs.last + 0x8000) % 0x10000 - 0x8000
        step = (timestamp - self._next_timestamp + 0x8000_0000) % 0x1_0000_0000 - 0x8000_0000
        return abs(seq_step) > _MAX_SEQ_JUMP or abs(step) > _MAX_JUMP

    def _restart(self) -> None:
        self._seqs, self._stamps = _Unwrapper(16), _Unwrapper(32)
        self._next_seq, self._last = None, None
        self._held.clear()
        self._recent.clear()
        self._behind.clear()

    def _measure(self, packet: _Held) -> None:
        if self._last is not None:
            arrived_ms, timestamp = self._last
            apart_ms = packet.arrived_ms - arrived_ms - (packet.timestamp - timestamp) / _PER_MS
            self.stats.jitter_ms += (min(abs(apart_ms), 500.0) - self.stats.jitter_ms) / 16
        self._last = packet.arrived_ms, packet.timestamp

    def _keep(self, packet: _Held, now_ms: float) -> bool:
        """False, and counted, for a packet that was there before or whose moment has passed."""
        if packet.seq in self._recent:
            self.stats.duplicate += 1
            return False
        self._remember(packet.seq)
        assert self._next_seq is not None
        if packet.seq < self._next_seq or packet.timestamp < self._next_timestamp:
            self.stats.late += 1
            self._was_late(packet, now_ms)
            return False
        if self._held and packet.seq < max(self._held):
            self.stats.reordered += 1
        return True

    def _was_late(self, packet: _Held, now_ms: float) -> None:
        assert self._next_seq is not None
        if packet.seq < self._next_seq:
            self.stats.lost = max(0, self.stats.lost - 1)
            self._patience = min(_MOST_PATIENCE, self._patience + 1)
            self._patient_until_ms = now_ms + _PATIENCE_DECAY_MS
        else:  # in order, but its time was passed over: nothing before it in the sequence can be due any more
            self.stats.lost += packet.seq - self._next_seq
            self._next_seq = packet.seq + 1
            self._behind.append(packet)

    def _caught_up(self) -> list[Step]:
        """After a stall, packets whose time was passed over come in a burst, and are too old. When they come at the
        pace of speech the sender has not counted its pause (as browsers do not without a track): none is too old."""
        if not self._behind:
            return []
        first, last = self._behind[0], self._behind[-1]
        said_ms = (last.timestamp - first.timestamp) / _PER_MS
        if said_ms < _PACE_MS or said_ms > 2 * (last.arrived_ms - first.arrived_ms):
            return []
        steps: list[Step] = [
            Reset(),
            *(Play(packet.payload, packet.timestamp, packet.samples) for packet in self._behind),
        ]
        self.stats.resets += 1
        self.stats.late -= len(self._behind)
        self._next_timestamp = last.timestamp + last.samples
        self._behind.clear()
        return steps

    def _remember(self, seq: int) -> None:
        self._recent[seq] = None
        if len(self._recent) > 2 * _MAX_SEQ_JUMP:
            del self._recent[next(iter(self._recent))]

    def _give_up(self, now_ms: float) -> bool:
        if self._patience > _PATIENCE and now_ms > self._patient_until_ms:
            self._patience = _PATIENCE
        if len(self._held) >= min(self._patience, _MAX_HELD):
            return True
        deadline_ms = self.deadline_ms
        return deadline_ms is not None and now_ms >= deadline_ms

    def _release(self, packet: _Held) -> list[Step]:
        assert self._next_seq is not None
        missing = packet.seq - self._next_seq
        gap = packet.timestamp - self._next_timestamp
        self._next_seq = packet.seq + 1
        self.stats.lost += missing
        if gap < 0:
            self.stats.late += 1
            return []
        steps = self._bridge(packet, missing, gap)
        self._next_timestamp = packet.timestamp + packet.samples
        steps.append(Play(packet.payload, packet.timestamp, packet.samples))
        return steps

    def _bridge(self, packet: _Held, missing: int, gap: int) -> list[Step]:
        """What fills the `gap` before `packet`, `missing` packets of which were lost."""
        start = self._next_timestamp
        lost = min(gap, missing * packet.samples)
        steps: list[Step] = []
        if gap > lost:
            steps.append(Silence(start, gap - lost))
        if lost:
            fec_samples = min(lost, packet.samples)
            steps.append(Conceal(start + gap - lost, lost, packet.payload, fec_samples))
        return steps
