"""The error tree. Codes are stable strings that pages and scripts may show or match.

VisavisError
├── ConfigError            the operator wrote something wrong: says what, where, and how to fix it
├── UsageError             an API or a command was called wrongly
├── TransportError         the line to the person
│   ├── NegotiationFailed  the two ends could not agree on media
│   └── PeerGone           the person's side went away
├── ProviderError          a model or service did not do its part (see `retryable`)
│   ├── AtCapacity         it is full: try the next one
│   ├── ProviderTimeout    one of the four timeouts passed (`which`)
│   ├── Rejected           it refused this request (authentication, content, bad arguments)
│   └── ProtocolViolation  it answered something that is not its protocol
├── DocumentRefused        a document cannot be read: says why
├── ModelError             a model file is missing, damaged or cannot be fetched
├── PolicyError            trust said no; fails closed, never retried
│   ├── ConsentMissing
│   ├── ResidencyRefused
│   └── ToolDenied
├── JournalError           the record could not be written (disk full, damaged store)
└── BudgetExceeded         a limit of time, tokens or money was reached

Interruption and end of stream are events, not errors. Vendor SDK errors are translated once, at the adapter.
"""

from __future__ import annotations

from typing import ClassVar, Literal

Stage = Literal[
    "setup", "transport", "hear", "turn", "think", "speak", "tool", "vision", "journal", "trust", "session"
]


class VisavisError(Exception):
    """Base of all errors that this package raises on purpose.

    `code` is stable; `stage` names the room of the loop where it happened; `retryable` says whether the
    same request may succeed elsewhere or later; `hint` tells the reader how to fix it.
    """

    code: ClassVar[str] = "error"
    retryable: ClassVar[bool] = False

    def __init__(self, message: str, *, stage: Stage = "session", hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.stage: Stage = stage
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}\n  fix: {self.hint}" if self.hint else self.message


class ConfigError(VisavisError):
    """A setting, agent file or name is wrong. `where` is `file:line` or the name of the source."""

    code = "config"

    def __init__(self, message: str, *, where: str = "", hint: str = "") -> None:
        super().__init__(f"{where}: {message}" if where else message, stage="setup", hint=hint)
        self.where = where


class UsageError(VisavisError):
    code = "usage"


class TransportError(VisavisError):
    code = "transport"


class NegotiationFailed(TransportError):
    code = "negotiation_failed"


class PeerGone(TransportError):
    code = "peer_gone"


class ProviderError(VisavisError):
    code = "provider"
    retryable = True


class AtCapacity(ProviderError):
    """`retry_after_s`: seconds after which it asks to be tried again, where it says so."""

    code = "at_capacity"

    def __init__(
        self, message: str, *, stage: Stage = "session", hint: str = "", retry_after_s: float | None = None
    ) -> None:
        super().__init__(message, stage=stage, hint=hint)
        self.retry_after_s = retry_after_s


class ProviderTimeout(ProviderError):
    """`which` is the timeout that passed: connect, first, idle or total."""

    code = "provider_timeout"

    def __init__(
        self, message: str, *, which: Literal["connect", "first", "idle", "total"], stage: Stage = "session"
    ) -> None:
        super().__init__(message, stage=stage)
        self.which = which


class Rejected(ProviderError):
    code = "rejected"
    retryable = False


class ProtocolViolation(ProviderError):
    code = "protocol_violation"


class DocumentRefused(VisavisError):
    code = "document_refused"


class ModelError(VisavisError):
    code = "model"


class PolicyError(VisavisError):
    code = "policy"


class ConsentMissing(PolicyError):
    code = "consent_missing"


class ResidencyRefused(PolicyError):
    code = "residency_refused"


class ToolDenied(PolicyError):
    code = "tool_denied"


class JournalError(VisavisError):
    code = "journal"


class BudgetExceeded(VisavisError):
    code = "budget_exceeded"
