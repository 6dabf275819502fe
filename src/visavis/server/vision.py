"""Files for reading visual cues in the call page: a sandboxed frame, and the model as far as it has been fetched.

The library in the frame builds functions from text. The frame may do that and nothing else: it has no origin, sees
nothing of the page, and reaches only the model's files. The call page itself stays under its own, stricter policy.
"""

from __future__ import annotations

import asyncio
from importlib import resources
from pathlib import Path

from aiohttp import web

from visavis.kernel.settings import ModelSettings
from visavis.models.store import ModelStore

MODEL = "face-mesh-page"
PREFIX = "/vision/"

_FRAME_POLICY = (
    "default-src 'none'; script-src 'self' 'unsafe-eval'; connect-src 'self'; frame-ancestors 'self'; "
    "sandbox allow-scripts"
)
_TYPES = {".js": "text/javascript", ".wasm": "application/wasm", ".html": "text/html"}


class PageVision:
    """Serves `/vision/`: public files that hold nothing of any call. The frame asks for them without an origin."""

    def __init__(self, settings: ModelSettings) -> None:
        self._store = ModelStore(settings)
        self._names = {file.name for file in self._store.manifest.model(MODEL).files}
        self._directory: Path | None = None

    async def available(self) -> bool:
        """Whether the model is on this machine. Reads it whole the first time."""
        if self._directory is None:
            state = await asyncio.to_thread(self._store.state, MODEL)
            self._directory = Path(state.path) if state.state in ("present", "own") else None
        return self._directory is not None

    def add_to(self, router: web.UrlDispatcher) -> None:
        router.add_get("/vision/{name:frame\\.(?:html|js)}", self._frame)
        router.add_get("/vision/model/{name}", self._model)

    async def _frame(self, request: web.Request) -> web.StreamResponse:
        return _file(Path(str(resources.files("visavis") / "web" / "vision" / request.match_info["name"])))

    async def _model(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info["name"]
        if name not in self._names or not await self.available() or self._directory is None:
            raise web.HTTPNotFound
        return _file(self._directory / name)


def _file(path: Path) -> web.FileResponse:
    headers = {
        "Content-Security-Policy": _FRAME_POLICY,
        "Access-Control-Allow-Origin": "*",
        "Content-Type": _TYPES.get(path.suffix, "application/octet-stream"),
    }
    return web.FileResponse(path, headers=headers)
