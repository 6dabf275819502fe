"""Who is calling, as the builder's own system says: an id of its own, signed so that nobody can call as another.

A token is `ID.SIGNATURE`: the id, and HMAC-SHA-256 of it by a secret that only the builder's system and this server
know, URL-safe base64 without padding. Pure.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from typing import Literal

from visavis.kernel.errors import UsageError

Identity = Literal["off", "signed", "plain"]

_ID = re.compile(r"[\w@+-][\w@+.-]{0,118}[\w@+-]|[\w@+-]")


def is_id(text: str) -> bool:
    """1–120 letters, digits and `_@+-.`, not beginning or ending with a dot."""
    return _ID.fullmatch(text) is not None


def token(person: str, secret: str) -> str:
    """What a door is given as `person`. Raises UsageError for an id that cannot be one, or without a secret."""
    if not is_id(person):
        raise UsageError(
            f"'{person}' cannot be a person's id", stage="trust", hint="1-120 letters, digits and _ @ + - ."
        )
    if not secret:
        raise UsageError("there is no secret to sign with", stage="trust", hint="set the variable memory.secret_env")
    return f"{person}.{_signature(person, secret)}"


def person_of(given: str, identity: Identity, secret: str) -> str:
    """The id in what a door was given; '' for nobody: nothing given, switched off, or not rightly signed."""
    if identity == "plain":
        return given if is_id(given) else ""
    person, _, signature = given.rpartition(".")
    if identity != "signed" or not secret or not is_id(person):
        return ""
    return person if hmac.compare_digest(signature.encode(), _signature(person, secret).encode()) else ""


def _signature(person: str, secret: str) -> str:
    digest = hmac.new(secret.encode(), person.encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")
