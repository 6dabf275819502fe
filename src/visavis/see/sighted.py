"""The describers that `[vision]` names, loaded once per process and shared by its calls."""

from __future__ import annotations

import logging

from visavis.kernel.errors import ConfigError, ModelError
from visavis.kernel.settings import VisionSettings
from visavis.models.engines import Engines
from visavis.see.base import FaceEngine
from visavis.see.covers import Covers, FaceFinder
from visavis.see.glance import GLANCE, Glance
from visavis.see.text_reader import LineReader
from visavis.see.vision import Sighted
from visavis.see.vlm_embedded import remote

log = logging.getLogger(__name__)


async def load_sighted(engines: Engines, vision: VisionSettings, face: FaceEngine | None) -> Sighted:
    """Text recognition that is not there is left out, with a warning: a conversation does not need it. Raises
    ConfigError and ModelError for a provider that was asked for.
    """
    describer = await engines.get("vision", vision.provider) if vision.provider else None
    faces = face if isinstance(face, FaceFinder) else None
    return Sighted(
        reader=await _reader(engines, vision.ocr),
        describer=describer,
        remote=remote(vision),
        covers=Covers(vision.blur, faces) if vision.blur else None,
        deadline_s=vision.deadline_s,
        novelty=await _novelty(engines, vision),
        objects=await engines.get("objects", vision.objects) if vision.objects else None,
    )


async def _novelty(engines: Engines, vision: VisionSettings) -> Glance | None:
    if not vision.novelty:
        return None
    if not vision.provider:
        raise ConfigError(
            "nobody is spared by telling what is new",
            where="vision.novelty",
            hint="set vision.provider, or leave vision.novelty out",
        )
    novelty: Glance = await engines.get("vision", GLANCE)
    return novelty


async def _reader(engines: Engines, name: str) -> LineReader | None:
    try:
        reader: LineReader | None = await engines.get("vision", name) if name else None
    except ModelError as error:
        log.warning("calls go without text recognition: %s", error)
        return None
    return reader
