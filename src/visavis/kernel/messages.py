"""What the page and the server say to each other: JSON objects with a `type`, on the data channel and on
`/ws/audio`. Each direction is one tagged union; anything else is refused (`MessageRejected`), never guessed at.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec

from visavis.kernel.events.see import FacingCue, MouthCue
from visavis.kernel.json_text import encode_json
from visavis.kernel.media import VideoSource
from visavis.kernel.shown import LABEL_CHARS, MANY, TITLE_CHARS, Card, Choices, Form, Source

MAX_MESSAGE_BYTES = 16_384
MAX_TYPED_CHARS = 2_000

AgentState = Literal["waiting", "idle", "listening", "thinking", "speaking", "ended"]


class ClientMessage(msgspec.Struct, frozen=True, tag_field="type", forbid_unknown_fields=True):
    """From the person's side."""


class Consent(ClientMessage, frozen=True, tag="consent"):
    """The answer to the notice. On `/ws/audio` this is the first message unless consent is attested.

    Later: more purposes; or, not given, an end to all, or only to those `purposes` that are named, if `listen` is
    not among them.
    """

    given: bool
    purposes: list[str] = msgspec.field(default_factory=lambda: ["listen"])


class Say(ClientMessage, frozen=True, tag="say"):
    """Typed text; works like speech."""

    text: str


class Typing(ClientMessage, frozen=True, tag="typing"):
    """The person is typing: no idle prompt now."""


class Playout(ClientMessage, frozen=True, tag="playout"):
    """The delay in ms between arrival and ear at the client (jitter buffer and device)."""

    delay_ms: float


class Track(ClientMessage, frozen=True, tag="track"):
    """The person switched a device: `kind` microphone, camera or screen; `mid` names the media line."""

    kind: Literal["microphone", "camera", "screen"]
    on: bool
    mid: str = ""


class Cue(ClientMessage, frozen=True, tag="cue"):
    """Visual cues that the person's page has read from its camera itself; the values are those of `FaceCue`. Sent on
    each change and at least once a second; `nod` is true in the one message that tells of a nod.
    """

    mouth: MouthCue
    facing: FacingCue
    faces: Annotated[int, msgspec.Meta(ge=0, le=3)]
    nod: bool = False


class Start(ClientMessage, frozen=True, tag="start"):
    """First message on `/ws/audio`: negotiates the PCM rate in Hz and may carry the consent."""

    rate_hz: int = 16_000
    consent: bool = False


class PageAct(ClientMessage, frozen=True):
    """The person does something with what is shown as `show`."""

    show: int


class Clicked(PageAct, frozen=True, tag="clicked"):
    """The person pressed a button of the card `show`; works like saying its words."""

    button: Annotated[str, msgspec.Meta(max_length=LABEL_CHARS)]


class Chosen(PageAct, frozen=True, tag="chosen"):
    """The person chose these options of the choices `show`; works like saying them."""

    options: Annotated[
        list[Annotated[str, msgspec.Meta(max_length=TITLE_CHARS)]], msgspec.Meta(min_length=1, max_length=MANY)
    ]


class Filled(PageAct, frozen=True, tag="filled"):
    """The person filled in the form `show`: field name → what they wrote; works like saying it."""

    values: Annotated[
        dict[str, Annotated[str, msgspec.Meta(max_length=MAX_TYPED_CHARS)]], msgspec.Meta(max_length=MANY)
    ]


class Looked(PageAct, frozen=True, tag="looked"):
    """The person opened the rest of the card `show`, or the passage `source` of a caption; nothing is answered."""

    show: int = 0
    source: Annotated[str, msgspec.Meta(max_length=TITLE_CHARS)] = ""


class Leave(ClientMessage, frozen=True, tag="leave"):
    pass


AnyClientMessage = Consent | Say | Typing | Playout | Track | Cue | Clicked | Chosen | Filled | Looked | Start | Leave


class ServerMessage(msgspec.Struct, frozen=True, tag_field="type", omit_defaults=True):
    """To the person's side."""


class Hello(ServerMessage, frozen=True, tag="hello"):
    """Opens every connection. `session` is the key for coming back; `rate_hz` of the agent's PCM (ws only)."""

    session: str
    agent: str
    language: str
    rate_hz: int = 0
    resumed: bool = False


class Notice(ServerMessage, frozen=True, tag="notice"):
    """The text to show or say before anything is processed."""

    version: str
    text: str


class State(ServerMessage, frozen=True, tag="state"):
    state: AgentState


class Transcript(ServerMessage, frozen=True, tag="transcript"):
    """Captions. `id` names the line: a later message with the same role and id replaces it. `sources`: the passages
    that the agent's words rest on.
    """

    role: Literal["user", "agent"]
    text: str
    final: bool
    id: int = 0
    sources: list[Source] = []


class VisemeTrack(ServerMessage, frozen=True, tag="visemes"):
    """Mouth shapes for audio whose first sample leaves now: `marks` are `[start_ms, shape]`, `total_ms` its length.

    Shapes: sil, aa, ee, ih, oh, ou, mm, ff, th, dd, kk, ch, ss, nn, rr.
    """

    marks: list[tuple[int, str]]
    total_ms: int


class Gesture(ServerMessage, frozen=True, tag="gesture"):
    """A movement of the agent's face while the person speaks; nothing to announce."""

    kind: Literal["nod"]


class Clear(ServerMessage, frozen=True, tag="clear"):
    """Drop queued agent audio: the person has taken the floor."""


class Duck(ServerMessage, frozen=True, tag="duck"):
    on: bool


class Latency(ServerMessage, frozen=True, tag="latency"):
    """One turn's waterfall: stage → milliseconds, in order; `over` names the stage furthest over its budget. `v2v_ms`
    counts to the first content, `first_sound_ms` to the first sound: an opener's, where there was one, else the same.
    """

    turn: int
    v2v_ms: float
    stages_ms: dict[str, float]
    over: str = ""
    first_sound_ms: float = 0.0


class ToolNote(ServerMessage, frozen=True, tag="tool"):
    name: str
    status: Literal["called", "done", "failed"]


class ShowCard(ServerMessage, frozen=True, tag="card"):
    """Put this on the page. `show` names it in what comes back; the same number again only tells anew whether it is
    `answered`: the person has pressed a button, chosen or filled in.
    """

    show: int
    card: Card
    answered: bool = False


class ShowChoices(ServerMessage, frozen=True, tag="choices"):
    show: int
    choices: Choices
    answered: bool = False


class ShowForm(ServerMessage, frozen=True, tag="form"):
    show: int
    form: Form
    answered: bool = False


class ShowHighlight(ServerMessage, frozen=True, tag="highlight"):
    """Point at `part` (a label, option or title) of what is shown as `show`, and at nothing else."""

    show: int
    part: str


class Frame(ServerMessage, frozen=True, tag="frame"):
    """A frame that went to be looked at: of `source`, captured at `frame_at_s` (media time), `age_s` old, in this
    size and for the reason `why` (`docs/vision.md`). `tokens` and `price_usd` are estimates; `provider` is '' when
    nothing left this server. `thumbnail`: base64 of a JPEG at most 160 px wide, '' when there is none.
    """

    source: VideoSource
    frame_at_s: float
    why: str
    width: int
    height: int
    tokens: int = 0
    price_usd: float = 0.0
    age_s: float = 0.0
    provider: str = ""
    thumbnail: str = ""


class Sight(ServerMessage, frozen=True, tag="sight"):
    """What was read or described in the frame of `source` at `frame_at_s`, and by what (`how`); `document`: kept
    under this number, or 0.
    """

    source: VideoSource
    frame_at_s: float
    text: str
    how: str
    document: int = 0


class Triggered(ServerMessage, frozen=True, tag="trigger"):
    """Something in view that the agent acts on: `kind` is the trigger's (`kernel.agent.Trigger.on`), seen in the
    frame of `source` at `frame_at_s`.
    """

    kind: str
    source: VideoSource
    frame_at_s: float


class SightTotals(ServerMessage, frozen=True, tag="sight_totals"):
    """Of this call so far: frames that came in, that were sent, that were not and why; estimated tokens and price of
    what was sent; `saved`: share of tokens, 0–1, against sending one frame a second of each source.
    """

    seen: int
    sent: int
    dropped: dict[str, int]
    tokens: int = 0
    price_usd: float = 0.0
    saved: float = 0.0


class Committed(ServerMessage, frozen=True, tag="committed"):
    """Every journal record of this session up to `seq` is on disk."""

    seq: int


class Problem(ServerMessage, frozen=True, tag="error"):
    """`code` is stable (`kernel.errors`); `text` is for the person and says what to do."""

    code: str
    text: str
    fatal: bool = False


class Bye(ServerMessage, frozen=True, tag="bye"):
    reason: str


AnyServerMessage = (
    Hello
    | Notice
    | State
    | Transcript
    | VisemeTrack
    | Gesture
    | Clear
    | Duck
    | Latency
    | ToolNote
    | ShowCard
    | ShowChoices
    | ShowForm
    | ShowHighlight
    | Frame
    | Sight
    | SightTotals
    | Triggered
    | Committed
    | Problem
    | Bye
)

_client_decoder: msgspec.json.Decoder[AnyClientMessage] = msgspec.json.Decoder(AnyClientMessage)
_server_decoder: msgspec.json.Decoder[AnyServerMessage] = msgspec.json.Decoder(AnyServerMessage)


class BadMessage(ValueError):
    """The client's message is not one of ours; the text says why without quoting it."""


def decode_client(data: str | bytes) -> AnyClientMessage:
    """Raises BadMessage for anything oversized, malformed or unknown."""
    if len(data) > MAX_MESSAGE_BYTES:
        raise BadMessage(f"message too large (limit {MAX_MESSAGE_BYTES} bytes)")
    try:
        message = _client_decoder.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadMessage(_why(error)) from error
    if isinstance(message, Say) and len(message.text) > MAX_TYPED_CHARS:
        raise BadMessage(f"text too long (limit {MAX_TYPED_CHARS} characters)")
    return message


def _why(error: Exception) -> str:
    if isinstance(error, msgspec.ValidationError):
        return "not one of this protocol's messages, or a field is missing or of the wrong type"
    return "not valid JSON"


def decode_server(data: str | bytes) -> AnyServerMessage:
    """For clients written in Python: the synthetic caller, tests, robots."""
    return _server_decoder.decode(data)


def encode(message: ServerMessage | ClientMessage) -> str:
    return encode_json(message).decode()


def as_dict(message: ServerMessage | ClientMessage) -> dict[str, Any]:
    built: dict[str, Any] = msgspec.to_builtins(message)
    return built
