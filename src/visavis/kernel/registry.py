"""Names to implementations: a table of import paths, imported on first use.

A setting names an engine either by its short name (`"moonshine"`) or by `"package.module:attribute"`, so that a
user's own class needs no plug-in machinery.
"""

from __future__ import annotations

import difflib
import importlib
from typing import Any, Literal

from visavis.kernel.errors import ConfigError

Kind = Literal[
    "vad",
    "asr",
    "endpoint",
    "llm",
    "tts",
    "echo",
    "face",
    "vision",
    "objects",
    "store",
    "memory",
    "embedder",
    "knowledge",
    "mcp",
]

HOSTED_LLMS = (
    "anthropic",
    "cerebras",
    "deepseek",
    "fireworks",
    "gemini",
    "groq",
    "llama.cpp",
    "mistral",
    "nvidia",
    "ollama",
    "openai",
    "openai_compatible",
    "openai_responses",
    "openrouter",
    "qwen",
    "sglang",
    "tensorrt-llm",
    "together",
    "vllm",
    "xai",
)
"""Providers of language models that are reached over HTTP; `think/presets.py` tells how."""

TABLE: dict[Kind, dict[str, str]] = {
    "vad": {"silero": "visavis.hear.silero:SileroVad"},
    "asr": {
        "moonshine": "visavis.hear.moonshine:MoonshineAsr",
        "whisper": "visavis.hear.whisper:WhisperAsr",
    },
    "endpoint": {"smart-turn": "visavis.hear.smart_turn:SmartTurn"},
    "llm": {
        "embedded": "visavis.think.embedded:EmbeddedLlm",
        **dict.fromkeys(HOSTED_LLMS, "visavis.think.hosted:HostedLlm"),
    },
    "tts": {
        "hibari": "visavis.speak.hibari:HibariTts",
        "kokoro": "visavis.speak.kokoro:KokoroTts",
    },
    "echo": {"aec3": "visavis.hear.echo:Aec3"},
    "face": {"mediapipe": "visavis.see.mediapipe:MediapipeFace"},
    "vision": {
        "tesseract": "visavis.see.ocr:TesseractOcr",
        "mediapipe": "visavis.see.gestures:MediapipeGestures",
        "openai": "visavis.see.vlm_openai:OpenAiVision",
        "gemini": "visavis.see.vlm_gemini:GeminiVision",
        "claude": "visavis.see.vlm_claude:ClaudeVision",
        "embedded": "visavis.see.vlm_embedded:EmbeddedVision",
    },
    "objects": {"objectron": "visavis.see.objectron:ObjectronObjects"},
    "embedder": {
        "minilm": "visavis.think.knowledge.embed_onnx:OnnxEmbedder",
        "openai": "visavis.think.knowledge.embed_api:ApiEmbedder",
    },
    "knowledge": {
        "embedded": "visavis.think.knowledge.stores.embedded:EmbeddedStore",
        "pgvector": "visavis.think.knowledge.stores.pgvector:PgvectorStore",
        "qdrant": "visavis.think.knowledge.stores.qdrant:QdrantStore",
        "lancedb": "visavis.think.knowledge.stores.lance:LanceStore",
        "chroma": "visavis.think.knowledge.stores.chroma:ChromaStore",
        "weaviate": "visavis.think.knowledge.stores.weaviate:WeaviateStore",
        "pinecone": "visavis.think.knowledge.stores.pinecone:PineconeStore",
        "turbopuffer": "visavis.think.knowledge.stores.turbopuffer:TurbopufferStore",
    },
    "store": {"sqlite": "visavis.journal.sqlite:SqliteStore", "memory": "visavis.journal.memory:MemoryStore"},
    "memory": {"sqlite": "visavis.think.memory.sqlite:SqliteMemory"},
}

EXTRAS: dict[tuple[Kind, str], str] = {
    ("asr", "whisper"): "whisper",
    ("knowledge", "pgvector"): "pgvector",
    ("knowledge", "qdrant"): "qdrant",
    ("knowledge", "lancedb"): "lancedb",
    ("knowledge", "chroma"): "chroma",
}
"""Providers whose packages come with an extra of ours."""


def names(kind: Kind) -> list[str]:
    """The short names known for `kind`, sorted."""
    return sorted(TABLE[kind])


def resolve(kind: Kind, name: str) -> Any:
    """The class or factory for `name`.

    Raises ConfigError when the name is unknown, the module is missing (with the extra to install when that is
    known) or has no such attribute.
    """
    path = TABLE[kind].get(name, name)
    module_name, _, attribute = path.partition(":")
    if not attribute:
        raise _unknown(kind, name)
    try:
        return getattr(importlib.import_module(module_name), attribute)
    except ImportError as error:
        if isinstance(error, ModuleNotFoundError) and error.name == module_name and "." not in module_name:
            raise _unknown(kind, module_name) from error  # more likely a misspelt 'provider:model'
        extra = EXTRAS.get((kind, name))
        raise ConfigError(
            f"{kind} provider '{name}' could not be imported: {error}",
            hint=f"pip install 'visavis[{extra}]'" if extra else "install the package that provides it",
        ) from error
    except AttributeError as error:
        raise ConfigError(f"'{module_name}' has no '{attribute}' (for {kind} '{name}')") from error


def _unknown(kind: Kind, name: str) -> ConfigError:
    close = difflib.get_close_matches(name, names(kind), n=1)
    meant = f"did you mean '{close[0]}'? " if close else ""
    return ConfigError(
        f"unknown {kind} provider '{name}'",
        hint=f"{meant}known: {', '.join(names(kind))}, or your own as 'package.module:attribute'",
    )
