"""Who is calling: the doors take a signed token, and only then offer memory."""

from __future__ import annotations

from pathlib import Path

import pytest
from server_fixtures import running

from visavis.kernel.messages import Bye, Consent, Leave, Say, Start, Transcript, decode_server, encode
from visavis.kernel.settings import MemorySettings
from visavis.server.persons import Persons
from visavis.trust.persons import token


@pytest.fixture
def memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MemorySettings:
    monkeypatch.setenv("WHO", "s3cret")
    return MemorySettings(secret_env="WHO", path=str(tmp_path / "memory.db"), lines=False)


def test_without_a_secret_no_store_is_opened(memory: MemorySettings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WHO")
    assert Persons.open(memory).of({"person": token("jo", "s3cret")}) is None
    assert not Path(memory.path).exists()


async def test_the_page_is_offered_memory_only_for_somebody(memory: MemorySettings) -> None:
    persons = Persons.open(memory)
    async with running(persons=persons) as server:
        for query, offered in ((f"?person={token('jo', 's3cret')}", True), ("?person=jo.forged", False), ("", False)):
            async with server.http.get(f"{server.url}/api/agent{query}") as response:
                assert bool((await response.json())["notice"]["memory"]) == offered
    persons.close()


async def test_a_call_over_the_websocket_is_remembered_for_its_person(memory: MemorySettings) -> None:
    persons = Persons.open(memory)
    async with running(persons=persons) as server:
        address = f"{server.url}/ws/audio?person={token('jo', 's3cret')}"
        async with server.http.ws_connect(address) as socket:
            await socket.send_str(encode(Start()))
            await socket.send_str(encode(Consent(True, ["listen", "memory"])))
            await socket.send_str(encode(Say("My name is Jordan.")))
            async for message in socket:
                if message.type.name == "TEXT":
                    told = decode_server(message.data)
                    if isinstance(told, Transcript) and told.role == "user" and told.final:
                        await socket.send_str(encode(Leave()))
                    if isinstance(told, Bye):
                        break
    person = persons.of({"person": token("jo", "s3cret")})
    assert person is not None
    assert [item.text for item in person.store.items("jo")] == ["My name is Jordan"]
    persons.close()
