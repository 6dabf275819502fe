"""What clients of somebody's HTTP API share: an HTTP status, an error in a stream or a broken connection becomes an
error of our tree, in the same way for every vendor.

Sources: RFC 9110 (Retry-After), the error objects of OpenAI, Anthropic, Google, Ollama, vLLM; read 2026-11-23.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any

import aiohttp
import msgspec

from visavis.kernel.errors import (
    AtCapacity,
    ConfigError,
    ProtocolViolation,
    ProviderError,
    Rejected,
    Stage,
)

MOST_WORDS = 300
"""Characters of a server's own words that an error quotes."""

_STATUS_OF = {
    "overloaded_error": 529,
    "rate_limit_error": 429,
    "rate_limit_exceeded": 429,
    "insufficient_quota": 429,
    "resource_exhausted": 429,
    "authentication_error": 401,
    "invalid_api_key": 401,
    "unauthenticated": 401,
    "permission_error": 403,
    "permission_denied": 403,
    "not_found_error": 404,
    "not_found": 404,
    "model_not_found": 404,
    "invalid_request_error": 400,
    "invalid_argument": 400,
    "invalid_prompt": 400,
    "failed_precondition": 400,
    "billing_error": 402,
    "request_too_large": 413,
    "timeout_error": 408,
    "unavailable": 503,
}
"""HTTP status for what vendors call an error inside of a stream that began with 200. All others are 500."""


@dataclass(frozen=True, slots=True)
class Service:
    """Whom an error is about: `name` as in "the model's server", the room it serves, and the settings to look at."""

    name: str
    stage: Stage
    address_setting: str = ""
    key_hint: str = ""


@dataclass(frozen=True, slots=True)
class Told:
    """An error in a vendor's words. `status` is 0 where the words do not tell one."""

    words: str = ""
    status: int = 0
    retry_after_s: float | None = None


@contextmanager
def translated(service: Service) -> Iterator[None]:
    """Turns what aiohttp raises into errors of our tree; TimeoutError passes, its meaning is the caller's."""
    try:
        yield
    except TimeoutError:
        raise
    except aiohttp.InvalidURL as error:
        raise ConfigError(f"not an address: {error}", where=service.address_setting) from error
    except aiohttp.ClientResponseError as error:
        raise ProtocolViolation(f"{service.name} does not speak HTTP", stage=service.stage) from error
    except (aiohttp.ClientError, OSError) as error:
        raise ProviderError(f"{service.name} cannot be reached: {error}", stage=service.stage) from error


def failure(
    service: Service, status: int, words: str, headers: Mapping[str, str] | None = None, *, key: str = ""
) -> ProviderError:
    """The error for an HTTP status and the server's body or words. `key` never appears in it."""
    told = told_in(words)
    said = (told.words or words).strip()
    if key:
        said = said.replace(key, "…")
    text = f"{service.name} answered {status}: {said[:MOST_WORDS] or 'no reason given'}"
    if status in (429, 529):
        wait_s = told.retry_after_s if told.retry_after_s is not None else retry_after_s(headers or {})
        return AtCapacity(text, stage=service.stage, retry_after_s=wait_s)
    if 400 <= status < 500 and status != 408:
        hint = service.key_hint if status in (401, 403) else ""
        return Rejected(text, stage=service.stage, hint=hint)
    return ProviderError(text, stage=service.stage)


def told_in(body: str | bytes) -> Told:
    """What an error's JSON says, in any vendor's shape; nothing for other text."""
    try:
        return told_by(msgspec.json.decode(body))
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return Told()


def told_by(error: Any) -> Told:
    """The same for what was parsed already: `{"error": {…}}`, `{"error": "…"}`, `{"detail": …}`, a list of one."""
    if isinstance(error, list):
        return told_by(error[0]) if error else Told()
    if isinstance(error, str):
        return Told(error)
    if not isinstance(error, dict):
        return Told()
    for key in ("error", "detail"):
        if (inner := error.get(key)) is not None:
            return told_by(inner)
    words = error.get("message") or error.get("msg") or ""
    return Told(str(words), _status(error), _google_delay_s(error.get("details")))


def _status(error: Mapping[str, Any]) -> int:
    for key in ("code", "status_code", "status", "type"):
        value = error.get(key)
        if isinstance(value, int) and 400 <= value < 600:
            return value
        if isinstance(value, str):
            if value.isdigit() and 400 <= int(value) < 600:
                return int(value)
            if known := _STATUS_OF.get(value.lower()):
                return known
    return 0


def retry_after_s(headers: Mapping[str, str]) -> float | None:
    """Seconds that the server asks to wait, None when it does not. A date is taken against the server's own clock."""
    lower = {name.lower(): value.strip() for name, value in headers.items()}
    if re.fullmatch(r"\d+(\.\d+)?", lower.get("retry-after-ms", "")):
        return float(lower["retry-after-ms"]) / 1000
    wait = lower.get("retry-after", "")
    if re.fullmatch(r"\d+(\.\d+)?", wait):
        return float(wait)
    try:
        passed = parsedate_to_datetime(wait) - parsedate_to_datetime(lower.get("date", ""))
    except (ValueError, TypeError):
        return None
    return max(0.0, passed.total_seconds())


def _google_delay_s(details: Any) -> float | None:
    """`google.rpc.RetryInfo`, such as `{"retryDelay": "30s"}`."""
    for detail in details if isinstance(details, list) else []:
        delay = detail.get("retryDelay") if isinstance(detail, dict) else None
        if isinstance(delay, str) and re.fullmatch(r"\d+(\.\d+)?s", delay):
            return float(delay[:-1])
    return None
