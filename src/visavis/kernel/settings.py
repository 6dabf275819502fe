"""All settings, typed, with their defaults and what they mean. `docs/settings.md` is made from this file.

One TOML file (`visavis.toml`, or `--config`) holds them; it is validated once, when it is read. Secrets never
stand in it: a setting that needs one names an environment variable.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct, field

Port = Annotated[int, Meta(ge=0, le=65535)]
Positive = Annotated[float, Meta(gt=0)]
Count = Annotated[int, Meta(ge=1)]

# The four timeouts of a call to a provider (`kernel/timeouts.py`), which mean the same in every layer.
Connect = Annotated[
    float, Meta(gt=0, description="Longest wait for a connection, where the provider is reached over one.")
]
First = Annotated[
    float,
    Meta(
        gt=0,
        description="Longest wait for the first result: a token, a sound, the words of a pause while another "
        "recogniser could tell them; an HTTP answer's first byte.",
    ),
]
Idle = Annotated[
    float,
    Meta(
        gt=0,
        description="Longest silence between results: tokens, sounds, partials of somebody who speaks, bytes.",
    ),
]
Total = Annotated[
    float,
    Meta(
        gt=0,
        description="Longest whole call: an answer, a piece of speech, the words of a pause by all recognisers, "
        "one source's search.",
    ),
]


class _Section(Struct, frozen=True, kw_only=True):
    """Unknown keys are refused where a file is read (`kernel.toml`), not here: a journal keeps the settings of its
    day, and stays readable when one of them is gone."""


class ServerSettings(_Section, frozen=True):
    host: Annotated[str, Meta(description="Address to listen on.")] = "127.0.0.1"
    port: Annotated[Port, Meta(description="Port to listen on; 0 takes any free one.")] = 8080
    max_sessions: Annotated[Count, Meta(description="Calls at one time; the next caller hears a polite 'busy'.")] = 4
    stop_grace_s: Annotated[
        Positive, Meta(description="On stop, seconds that calls get to say goodbye and close.")
    ] = 5.0
    consent: Annotated[
        Literal["ask", "attested"],
        Meta(description="'attested': the operator vouches that callers on /ws/audio have agreed already."),
    ] = "ask"
    allowed_origins: Annotated[
        list[str],
        Meta(description="Web origins, besides the server's own, whose pages may open a call."),
    ] = field(default_factory=list)


class WebRtcSettings(_Section, frozen=True):
    ice_servers: Annotated[
        list[str],
        Meta(description="STUN and TURN addresses, such as 'stun:host:3478' or 'turn:host:3478?transport=udp'."),
    ] = field(default_factory=list)
    turn_username: Annotated[str, Meta(description="User name for the TURN servers.")] = ""
    turn_password_env: Annotated[str, Meta(description="Environment variable that holds the TURN password.")] = (
        "VISAVIS_TURN_PASSWORD"
    )
    loopback: Annotated[
        bool, Meta(description="Also offer 127.0.0.1 as a candidate, for callers on this machine.")
    ] = True
    opus_bitrate: Annotated[
        int, Meta(ge=6_000, le=128_000, description="Bit rate of the agent's voice, bits per second, mono.")
    ] = 32_000
    reconnect_s: Annotated[
        Positive, Meta(description="Seconds a dropped caller has to come back to the same conversation.")
    ] = 30.0
    client_cancels_echo: Annotated[
        bool,
        Meta(description="Browsers do; false: the server takes its voice out of every caller's microphone."),
    ] = True


class JournalSettings(_Section, frozen=True):
    store: Annotated[str, Meta(description="Journal store: 'sqlite', 'memory', or 'package.module:Class'.")] = (
        "sqlite"
    )
    path: Annotated[
        str,
        Meta(description="The journal's file; empty: visavis/journal.db in the user's data directory."),
    ] = ""
    batch_s: Annotated[
        Positive,
        Meta(description="Longest time a fact waits before it is committed; a turn's end commits at once."),
    ] = 0.25


class ModelSettings(_Section, frozen=True):
    cache: Annotated[str, Meta(description="Where model files live; empty: visavis/models in the user's cache.")] = ""
    local: Annotated[
        dict[str, str],
        Meta(description="Model name → directory or file of your own to use instead of downloading."),
    ] = field(default_factory=dict)
    hub: Annotated[str, Meta(description="Base address of a model hub to try before the registry; empty: none.")] = ""
    threads: Annotated[int, Meta(ge=1, le=64, description="Worker threads of the compute scheduler.")] = 2


class LlmSettings(_Section, frozen=True):
    model: Annotated[
        str,
        Meta(description="Model name at the provider, or in the manifest for 'embedded'; empty: the provider's own."),
    ] = ""
    base_url: Annotated[
        str,
        Meta(description="Address of the API, for 'openai', 'openai_compatible' and servers that you run yourself."),
    ] = ""
    api_key_env: Annotated[
        str, Meta(description="Environment variable that holds the key for it; empty: the provider's usual one.")
    ] = ""
    base_urls: Annotated[
        dict[str, str],
        Meta(description="Provider's name → address, where it is not the provider's usual one."),
    ] = field(default_factory=dict)
    options: Annotated[
        dict[str, dict[str, Any]],
        Meta(description="Provider's name → fields added to its requests, over those of ours."),
    ] = field(default_factory=dict)
    threads: Annotated[int, Meta(ge=1, le=64, description="Threads of the embedded model.")] = 2
    context_tokens: Annotated[int, Meta(ge=512, description="Context size per call of the embedded model.")] = 4096
    max_tokens: Annotated[Count, Meta(description="Longest reply, in tokens; an endless one is cut here.")] = 220
    temperature: Annotated[float, Meta(ge=0, le=2, description="Sampling temperature; 0 suits small models.")] = 0.0
    prefill_words: Annotated[
        int,
        Meta(
            ge=0,
            le=100,
            description="The embedded model reads along while the person speaks, so many new words at a time. "
            "Fewer answer sooner and cost more processor time; 0 reads only at pauses.",
        ),
    ] = 3
    connect_timeout_s: Connect = 5.0
    first_timeout_s: First = 12.0
    idle_timeout_s: Idle = 8.0
    total_timeout_s: Total = 45.0


class AsrSettings(_Section, frozen=True):
    connect_timeout_s: Connect = 3.0
    first_timeout_s: First = 2.0
    idle_timeout_s: Idle = 5.0
    total_timeout_s: Total = 12.0


class TtsSettings(_Section, frozen=True):
    connect_timeout_s: Connect = 3.0
    first_timeout_s: First = 12.0
    idle_timeout_s: Idle = 12.0
    total_timeout_s: Total = 36.0


class FallbackSettings(_Section, frozen=True):
    failures: Annotated[
        Count, Meta(description="Failures in a row after which calls go past a provider; a timeout counts as two.")
    ] = 2
    retry_s: Annotated[
        Positive,
        Meta(description="Seconds until a probe asks whether it works again; then twice that each time."),
    ] = 2.0
    retry_most_s: Annotated[Positive, Meta(description="Longest such wait.")] = 60.0
    hedge: Annotated[
        list[Literal["asr", "llm", "tts", "vision", "retrieval"]],
        Meta(description="Layers whose next provider is asked too when one is later than 95 of 100 of its calls."),
    ] = field(default_factory=list)
    call_back: Annotated[
        bool, Meta(description="When nobody can answer, offer to call back; the journal holds what the person says.")
    ] = True


class TurnSettings(_Section, frozen=True):
    vad_start: Annotated[float, Meta(gt=0, lt=1, description="Speech probability that opens speech.")] = 0.5
    vad_stop: Annotated[float, Meta(gt=0, lt=1, description="Probability below which speech closes.")] = 0.35
    vad_start_s: Annotated[Positive, Meta(description="Speech needed before it counts, seconds.")] = 0.064
    vad_stop_s: Annotated[
        Positive,
        Meta(description="Silence after which speech has paused: words are recognised, a reply may be made ahead."),
    ] = 0.09
    cutoff_p: Annotated[
        float,
        Meta(gt=0, lt=0.5, description="Chance of cutting the person off that is taken when a turn is ended."),
    ] = 0.05
    least_s: Annotated[Positive, Meta(description="Silence that ends a turn which is surely over.")] = 0.2
    patience_s: Annotated[Positive, Meta(description="Silence that ends any turn, however unfinished it sounds.")] = (
        2.0
    )
    patience: Annotated[
        Positive,
        Meta(description="Factor on every wait for the person to go on: 1.5 suits callers who take their time."),
    ] = 1.0
    speculations: Annotated[
        int, Meta(ge=0, description="Replies made ahead and discarded in one turn before the next waits for its end.")
    ] = 3
    max_turn_s: Annotated[
        Positive,
        Meta(description="Longest turn of the person; at the next pause the agent politely takes the floor."),
    ] = 90.0
    barge_in_words: Annotated[
        Count,
        Meta(description="Words beyond a 'yeah' that interrupt the agent; early on, it takes one more."),
    ] = 2
    barge_in_s: Annotated[
        Positive, Meta(description="Speech with too few words to tell that silences the agent until more are known.")
    ] = 0.6


class SessionSettings(_Section, frozen=True):
    idle_prompt_s: Annotated[Positive, Meta(description="Silence before the agent asks whether you are there.")] = (
        20.0
    )
    idle_prompts: Annotated[int, Meta(ge=0, description="Prompts before the agent says goodbye and leaves.")] = 2
    hold_s: Annotated[Positive, Meta(description="The same after 'one moment', until the person speaks again.")] = (
        60.0
    )
    backchannels: Annotated[
        Literal["off", "nods", "sounds"],
        Meta(description="Whether the agent nods while it listens, and also says a soft 'mm-hm' in long turns."),
    ] = "nods"
    openers: Annotated[
        Literal["off", "auto", "on"],
        Meta(
            description="Begin answers with a few words ('Let me see,'): always, or when the content is likely late."
        ),
    ] = "auto"
    openers_after_s: Annotated[
        Positive, Meta(description="'auto': when the content is expected later than this after the person's end.")
    ] = 0.7
    max_call_s: Annotated[Positive, Meta(description="Longest call; the agent says so and ends.")] = 3600.0
    echo: Annotated[
        str, Meta(description="Echo canceller for doors whose clients have none: 'aec3', or '' for none.")
    ] = "aec3"
    gain: Annotated[
        bool, Meta(description="Raise callers whose speech is quieter than −45 dBFS; louder ones pass untouched.")
    ] = True


class VisionSettings(_Section, frozen=True):
    provider: Annotated[
        str,
        Meta(description="Who describes frames beyond their text: 'openai', 'gemini', 'claude', 'embedded', or ''."),
    ] = ""
    model: Annotated[str, Meta(description="Vision model's name; for 'embedded' its GGUF file.")] = ""
    projector: Annotated[str, Meta(description="'embedded': the GGUF file with the model's image projector.")] = ""
    base_url: Annotated[str, Meta(description="Address of the provider's API; empty: the vendor's own.")] = ""
    api_key_env: Annotated[str, Meta(description="Environment variable that holds the key.")] = "VISAVIS_VISION_KEY"
    fallbacks: Annotated[
        list[str],
        Meta(description="Who describes frames when that one fails, in this order, such as 'gemini:MODEL'."),
    ] = field(default_factory=list)
    ocr: Annotated[str, Meta(description="Who reads text in frames: 'tesseract', or '' for nobody.")] = "tesseract"
    novelty: Annotated[
        str,
        Meta(
            description="Who tells, before a provider is asked, whether a frame is about anything new: an ONNX file "
            "with a CLIP-like image encoder, a small vision model such as 'openai:moondream', or '': its words alone."
        ),
    ] = ""
    novelty_url: Annotated[str, Meta(description="Address of that small model's API; empty: as the provider's.")] = ""
    novelty_key_env: Annotated[str, Meta(description="Environment variable with its key.")] = ""
    gestures: Annotated[
        str,
        Meta(description="Who looks for raised hands (experimental): 'mediapipe', or '' for nobody."),
    ] = ""
    objects: Annotated[str, Meta(description="Who names objects (experimental): 'objectron', or '' for nobody.")] = ""
    connect_timeout_s: Connect = 5.0
    first_timeout_s: First = 8.0
    idle_timeout_s: Idle = 5.0
    deadline_s: Annotated[
        Positive, Meta(description="Longest wait for the description of a frame by one describer: its total timeout.")
    ] = 8.0
    look_s: Annotated[Positive, Meta(description="Longest wait of the tool `look` for a fresh note.")] = 1.5
    blur: Annotated[
        list[Literal["background", "bystanders", "personal"]],
        Meta(
            description="What is made unrecognisable before a frame leaves the process: all but the nearest person, "
            "other faces, personal data in text."
        ),
    ] = field(default_factory=list)
    frames_per_min: Annotated[Count, Meta(description="Most frames sent in a minute of a call.")] = 12
    frames_per_call: Annotated[int, Meta(ge=0, description="Most frames sent in a call; 0: no limit.")] = 0
    tokens_per_min: Annotated[
        int, Meta(ge=0, description="Most tokens for frames in a minute of a call, as estimated; 0: no limit.")
    ] = 20_000
    tokens_per_call: Annotated[
        int, Meta(ge=0, description="Most tokens for frames of one call, as estimated; 0: no limit.")
    ] = 100_000
    usd_per_min: Annotated[
        float, Meta(ge=0, description="Most money for frames in a minute of a call, as estimated; 0: no limit.")
    ] = 0.0
    usd_per_call: Annotated[
        float, Meta(ge=0, description="Most money for frames of one call, as estimated; 0: no limit.")
    ] = 0.5

    @property
    def total_timeout_s(self) -> float:
        return self.deadline_s


class MemorySettings(_Section, frozen=True):
    identity: Annotated[
        Literal["off", "signed", "plain"],
        Meta(
            description="Who a caller is: told by a signed token, by a plain id that is believed, or nobody; "
            "without that, nothing is remembered across calls."
        ),
    ] = "signed"
    secret_env: Annotated[
        str, Meta(description="Environment variable that holds the secret of signed tokens; unset: no memory.")
    ] = "VISAVIS_PERSON_SECRET"
    store: Annotated[str, Meta(description="Store of memories: 'sqlite', or 'package.module:Class'.")] = "sqlite"
    path: Annotated[
        str, Meta(description="The store's file; empty: visavis/memory.db in the user's data directory.")
    ] = ""
    lines: Annotated[
        bool,
        Meta(description="Whether the model notes what long calls, and remembered ones, are about, in idle moments."),
    ] = True


class KnowledgeSettings(_Section, frozen=True):
    store: Annotated[
        str,
        Meta(
            description="Where documents are kept: 'embedded', 'pgvector', 'qdrant', 'lancedb', 'chroma', "
            "'weaviate', 'pinecone', 'turbopuffer', or 'package.module:Class'."
        ),
    ] = "embedded"
    path: Annotated[
        str,
        Meta(description="File or directory of a store on this machine; empty: in the user's data directory."),
    ] = ""
    url: Annotated[str, Meta(description="Address of the store's server, for stores that have one.")] = ""
    key_env: Annotated[str, Meta(description="Environment variable with the store's key or password.")] = (
        "VISAVIS_KNOWLEDGE_KEY"
    )
    collection: Annotated[
        str, Meta(description="Name that documents are kept under; empty: the agent's name, 'default' without one.")
    ] = ""
    embedder: Annotated[
        str,
        Meta(description="'minilm', 'openai' (any API like it), or a directory with an ONNX model, or its hub name."),
    ] = "minilm"
    embedder_url: Annotated[str, Meta(description="'openai': address of the API; empty: OpenAI's own.")] = ""
    embedder_model: Annotated[str, Meta(description="'openai': the model's name there.")] = "text-embedding-3-small"
    embedder_key_env: Annotated[str, Meta(description="'openai': environment variable with the key.")] = (
        "OPENAI_API_KEY"
    )
    connect_timeout_s: Connect = 1.5
    first_timeout_s: First = 2.0
    idle_timeout_s: Idle = 2.0
    total_timeout_s: Total = 2.0
    deadline_s: Annotated[
        Positive, Meta(description="Longest that a reply waits for passages; what is late serves the next one.")
    ] = 0.15
    passages: Annotated[int, Meta(ge=1, le=20, description="Passages that a question is answered from, at most.")] = 4
    passage_tokens: Annotated[int, Meta(ge=50, description="Tokens of passages in a prompt, about, at most.")] = 400
    least_cosine: Annotated[
        float,
        Meta(ge=-1, le=1, description="A passage further from the question than this counts only by its words."),
    ] = 0.3


class Settings(_Section, frozen=True):
    """The whole file; each section is a TOML table."""

    server: ServerSettings = field(default_factory=ServerSettings)
    webrtc: WebRtcSettings = field(default_factory=WebRtcSettings)
    journal: JournalSettings = field(default_factory=JournalSettings)
    models: ModelSettings = field(default_factory=ModelSettings)
    llm: LlmSettings = field(default_factory=LlmSettings)
    asr: AsrSettings = field(default_factory=AsrSettings)
    tts: TtsSettings = field(default_factory=TtsSettings)
    fallback: FallbackSettings = field(default_factory=FallbackSettings)
    turn: TurnSettings = field(default_factory=TurnSettings)
    session: SessionSettings = field(default_factory=SessionSettings)
    vision: VisionSettings = field(default_factory=VisionSettings)
    knowledge: KnowledgeSettings = field(default_factory=KnowledgeSettings)
    memory: MemorySettings = field(default_factory=MemorySettings)


SECTIONS: dict[str, type[Struct]] = {item.name: item.type for item in msgspec.structs.fields(Settings)}
