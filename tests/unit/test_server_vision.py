"""Files for reading cues in the page: a frame under a policy of its own, and nothing but the model's files."""

from __future__ import annotations

from pathlib import Path

import aiohttp
import pytest
from server_fixtures import running

from visavis.kernel.settings import JournalSettings, ModelSettings, Settings
from visavis.models.manifest import load_manifest
from visavis.server.vision import MODEL


def own(cache: Path, local: dict[str, str] | None = None) -> Settings:
    models = ModelSettings(cache=str(cache), local=local or {})
    return Settings(models=models, journal=JournalSettings(batch_s=0.01))


async def fetched(session: aiohttp.ClientSession, address: str, **headers: str) -> tuple[int, str]:
    async with session.get(address, headers=headers) as response:
        await response.read()
        return response.status, response.headers.get("Content-Security-Policy", "")


async def test_only_the_sandboxed_frame_may_build_functions_from_text() -> None:
    async with running() as server:
        for path in ("/", "/static/sight.js", "/api/agent", "/ws/audio"):
            _, policy = await fetched(server.http, server.url + path)
            assert "unsafe-eval" not in policy, path
        status, policy = await fetched(server.http, f"{server.url}/vision/frame.html", Origin="null")
        assert status == 200
        assert "sandbox allow-scripts;" in f"{policy};", "no origin, no cookies, no storage, no way up to the page"
        assert "default-src 'none'" in policy


async def test_a_page_without_origin_gets_nothing_else() -> None:
    async with running() as server:
        for path in ("/api/agent", "/healthz", "/"):
            assert (await fetched(server.http, server.url + path, Origin="null"))[0] == 403, path


@pytest.mark.parametrize("name", ["secrets.txt", "..%2Fvoices.json", "%2e%2e/silero_vad.onnx", ".sources.json", ""])
async def test_nothing_but_the_models_files_is_served(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "secrets.txt").write_text("secret")
    for file in load_manifest().model(MODEL).files:
        (folder / file.name).write_text("// the library")
    async with running(own(tmp_path, {MODEL: str(folder)})) as server:
        assert (await fetched(server.http, f"{server.url}/vision/model/{name}"))[0] == 404
        served, _ = await fetched(server.http, f"{server.url}/vision/model/face_mesh.js")
        assert served == 200, "while the model's own files are"


async def test_without_the_model_the_page_is_told_so(tmp_path: Path) -> None:
    async with running(own(tmp_path)) as server:
        async with server.http.get(f"{server.url}/api/agent") as response:
            about = await response.json()
        assert about["cues_in_page"] is False
        assert "Not who I am" in about["notice"]["cues"]
        assert (await fetched(server.http, f"{server.url}/vision/model/face_mesh.js"))[0] == 404
