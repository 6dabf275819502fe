"""Turns spoken by the embedded voice at several pitches: what the bench measures on when it is given no recordings.

Synthesised speech has no hesitation in its melody, so the end-of-turn model is at a disadvantage here.
"""

from __future__ import annotations

import numpy as np
import soxr

from visavis.bench.speech import PITCHES, RATE_HZ, spoken
from visavis.bench.turn_sets import Track, Turn
from visavis.transport.media_reader import RATE_HZ as HEAR_RATE_HZ

LINES = (
    ("", "What time do you open on Saturday?"),
    ("How can I help you?", "I would like to |0.6| book a table for two."),
    ("What is your phone number?", "My number is four one five |0.7| five five five |0.8| oh one two two."),
    ("", "Do you have anything in blue |0.4| or maybe in green?"),
    ("How can I help you today?", "The order has not arrived yet. |0.5| I ordered it two weeks ago."),
    ("Could you give me your e-mail address?", "It's john smith at |0.9| gmail dot com."),
    ("Is that the right address?", "Yes."),
    ("Would Monday suit you?", "Yes, |0.4| but I would rather come on Friday."),
    ("", "Can you tell me how far it is to |0.8| the station?"),
    ("Is there anything else?", "No, thank you, that's all."),
    ("", "I need to change the |1.2| delivery address, please."),
    ("Do you want the small one?", "Well, |0.7| I'm not sure about that."),
    ("What seems to be the problem?", "I think the problem is that |1.0| the screen stays black when I turn it on."),
    ("", "How much does it cost?"),
    ("", "She said she would call me back, |0.3| but nobody did."),
    ("", "Could you repeat that, please?"),
    ("", "I have been waiting for |0.6| almost an hour now."),
    ("", "Where is the nearest pharmacy?"),
    ("Would you like a receipt?", "No, thank you."),
    ("When did you buy it?", "It was, um, |1.4| last Thursday I think."),
    ("", "Which of the two is cheaper?"),
    ("", "I'd like to cancel my subscription, |0.5| if that is possible."),
    ("Thursday is fully booked.", "Okay, |0.5| then let's do it on Wednesday."),
    ("How can I help?", "I have a question about |0.8| my last bill."),
)
"""What was asked, and the answer; `|0.6|` is a pause of 0.6 s."""


async def spoken_turns() -> list[Track]:
    """One turn a track, each in the next voice."""
    tracks = []
    for number, (asked, line) in enumerate(LINES):
        voice = list(PITCHES)[number % len(PITCHES)]
        audio = soxr.resample(np.asarray(await spoken(line, voice)), RATE_HZ, HEAR_RATE_HZ).astype(np.int16)
        turn = Turn(0.0, len(audio) / HEAR_RATE_HZ + 0.1, asked)
        tracks.append(Track("synthesised", f"{voice} {number}", audio, (turn,)))
    return tracks
