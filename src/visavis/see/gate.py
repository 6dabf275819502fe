"""The gate: which frames leave for a vision model. Change, then novelty, then budget; every decision has a reason.

Pure: frames with media time in, decisions out. It asks no model. What only a reading of the frame can tell (are its
words new, do they matter to the talk) is decided by `second_look`, before a model that costs money is asked.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from visavis.kernel.media import VideoFrame, VideoSource
from visavis.see.base import Change, Decision, FaceObservation
from visavis.see.budget import Budget
from visavis.see.change import ChangeDetector, detector
from visavis.see.novelty import Embedding, Readings, Views, relevance
from visavis.see.presence import Presence
from visavis.see.sharpest import Sharpest
from visavis.see.sizes import fitted, longest_px
from visavis.see.tokens import Cost, cost

ASK_HOLDS_S = 3.0
"""A question that needs eyes waits so long for a frame when there is no fresh one."""
FRESH_S = 1.5
"""An older frame does not answer a question."""
SHARP_S = 0.45
"""Of a camera, the best frame since so long before a change had settled; of a screen, the newest."""
OWED_S = 20.0
"""A change that the budget held back is made up for within this time."""
TIGHT_ROOM = 0.4
"""Below this share of the budget, words that have nothing to do with the talk do not pass."""
LEAST_NEW_WORDS = 1
LEAST_RELEVANCE = 0.1

SENT = {
    "text": "text_changed",
    "layout": "layout_changed",
    "window": "window_changed",
    "scene": "scene_changed",
    "person": "person_changed",
    "held_up": "held_up",
    "gesture": "gesture",
    "motion": "moving",
}
OTHER_SENT = ("first_frame", "larger", "asked")
DROPPED = ("unchanged", "too_small", "late", "already_sent", "over_budget", "nothing_new", "not_relevant")
NOT_LOOKED_AT = ("not_rgb", "empty", "too_large", "blank", "unreadable", "busy", "queue_full")
"""What becomes of frames before the gate and behind it (`session/sight.py`)."""
REASONS: tuple[str, ...] = (*SENT.values(), *OTHER_SENT, *DROPPED, *NOT_LOOKED_AT)
"""Stable: the ledger, the pages and docs/vision.md name them."""


class FrameGate:
    """One source of one call; the budget is the call's, `model` the name of the vision model that frames go to ('':
    none, they are only read here). One caller pushes its frames in order; not thread-safe.
    """

    def __init__(self, source: VideoSource, budget: Budget, model: str = "") -> None:
        self._source = source
        self._budget = budget
        self._model = model
        self.sharpest = Sharpest()
        self._readings = Readings()
        self.reset()

    def reset(self) -> None:
        """Forget all pictures: consent was withdrawn, or the track ended. The next frame is a first one."""
        self._presence = Presence()
        self._detector: ChangeDetector = detector(self._source, self._presence)
        self._views = Views(self._source)
        self.sharpest.clear()
        self._last_s = self._sent_s = -math.inf
        self._asked_s = -math.inf
        self._owed: Change | None = None
        self._owed_price = Cost(0, 0.0, known=True)

    def take(self, frame: VideoFrame) -> Decision:
        """Every frame, in order. A decision to send carries the frame to send, which may be one a little older.

        1.5 ms at 720p; 4 ms when something has changed.
        """
        if frame.at_s <= self._last_s:
            return Decision(False, "late")
        change = self._detector.push(frame)
        if change is None and _too_small(frame):
            return Decision(False, "too_small")
        self._last_s = frame.at_s
        self.sharpest.push(frame)
        if frame.at_s - self._asked_s <= ASK_HOLDS_S:
            return self._send_asked(frame.at_s)
        return self._changed(change or self._due(frame.at_s), frame.at_s)

    def face(self, at_s: float, seen: FaceObservation | None) -> None:
        """What the face tracker found in the camera's picture of media time `at_s`, in order, where it is allowed to
        look: heads that move count less, people who come and go count more. Late by up to a second is in time.
        """
        self._presence.push(at_s, seen)

    def forget_faces(self) -> None:
        """Consent to look for faces is not there, or not any more: changes are told from the pictures alone."""
        self._presence.forget()

    def ask(self, at_s: float) -> Decision:
        """A question needs eyes: the best fresh frame is sent now, else the next one that comes within 3 s."""
        self._asked_s = at_s
        if self.sharpest.best(at_s - FRESH_S, at_s) is None:
            return Decision(False, "unchanged")
        return self._send_asked(at_s)

    def second_look(
        self,
        text: str,
        talk: Sequence[str],
        at_s: float,
        *,
        forced: bool,
        vector: Embedding | None = None,
        told: str = "",
    ) -> Decision:
        """Is a frame worth a model that costs money, now that its words (OCR) are known, and what it is about: its
        embedding, or what a small model told? `talk`: the last turns. `forced`: somebody asked for it. What passes is
        kept as seen.
        """
        known = len(self._readings.new_words(text)) < LEAST_NEW_WORDS
        if vector is not None:  # a new word is news whatever a model makes of the picture: they read badly
            known = known and self._readings.alike(vector)
        elif told:
            known = known and self._readings.told_alike(told)
        else:
            known = known and bool(text)
        room = self._budget.room(at_s)
        if not forced and known:
            return Decision(False, "nothing_new")
        words = f"{text} {told}".strip()
        if not forced and room < TIGHT_ROOM and words and relevance(words, talk) < LEAST_RELEVANCE:
            return Decision(False, "not_relevant")
        self._readings.keep(text, vector, told)
        return Decision(True, "asked" if forced else "text_changed")

    def unsent(self, frame: VideoFrame, longest: int) -> None:
        """The second look kept `frame`, of at most `longest` pixels: its tokens and money are there again."""
        height, width = frame.image.shape[:2]
        price = cost(self._model, *fitted(width, height, longest))
        self._budget.unspent(price.tokens, price.usd)

    def _changed(self, change: Change | None, now_s: float) -> Decision:
        if change is None:
            return Decision(False, "unchanged")
        first = self._sent_s == -math.inf
        since_s = now_s if self._source == "screen" else change.at_s - SHARP_S
        frame = self.sharpest.best(since_s, now_s)
        if frame is None:
            return Decision(False, "unchanged")
        like_s = self._views.like(frame.image)
        if like_s is not None:
            self._owed = None
            return Decision(False, "already_sent", None, like_s)
        return self._send(frame, "first_frame" if first else SENT[change.kind], change, now_s)

    def _due(self, now_s: float) -> Change | None:
        """What the budget held back, once there is room again."""
        if self._owed is not None and now_s - self._owed.at_s > OWED_S:
            self._owed = None
        return self._owed if self._budget.allows(now_s, self._owed_price.tokens, self._owed_price.usd) else None

    def _send_asked(self, now_s: float) -> Decision:
        frame = self.sharpest.best(now_s - FRESH_S, now_s)
        if frame is None:
            return Decision(False, "unchanged")
        self._asked_s = -math.inf
        return self._send(frame, "asked", None, now_s)

    def _send(self, frame: VideoFrame, why: str, change: Change | None, now_s: float) -> Decision:
        asked = change is None
        height, width = frame.image.shape[:2]
        longest = longest_px(change.kind if change else None, self._source, asked=asked)
        size = fitted(width, height, longest)
        price = cost(self._model, *size)
        if not self._budget.allows(now_s, price.tokens, price.usd, asked=asked):
            self._owed, self._owed_price = change or self._owed, price
            return Decision(False, "over_budget")
        self._budget.spend(now_s, price.tokens, price.usd)
        self._owed, self._sent_s = None, frame.at_s
        self._views.sent(frame.at_s, frame.image, change.kind if change else None)
        return Decision(True, why, frame)


def _too_small(frame: VideoFrame) -> bool:
    return frame.image.ndim != 3 or min(frame.image.shape[:2]) < 30
