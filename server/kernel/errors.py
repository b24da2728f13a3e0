"""Errors by who must act. Codes are message keys; texts are made at the edge."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

Plain = str | int | float | bool | None | list["Plain"] | dict[str, "Plain"]
Params = Mapping[str, Plain]


@dataclass(frozen=True)
class FieldError:
    field: str
    code: str
    params: Params | None = None


class DomainError(Exception):
    """`code` names the text, `params` fill it; `details` go to the client as they are."""

    status: ClassVar[int] = 400

    def __init__(
        self,
        code: str,
        *,
        fields: tuple[FieldError, ...] = (),
        details: Params | None = None,
        **params: Plain,
    ) -> None:
        super().__init__(code)
        self.code, self.params, self.fields = code, params, fields
        self.details = dict(details or {})


class Invalid(DomainError):
    """The caller sent something that cannot be; every bad field is named at once."""

    status = 422


class NotSignedIn(DomainError):
    status = 401


class Forbidden(DomainError):
    """Known and shown to the caller, yet not allowed now."""

    status = 403


class NotFound(DomainError):
    """Unknown and forbidden look alike."""

    status = 404

    def __init__(self, code: str = "not_found") -> None:
        super().__init__(code)


class Conflict(DomainError):
    """Somebody was quicker, or the thing has changed since it was read."""

    status = 409


class RuleBroken(DomainError):
    """A rule of the field says no; the text says which and what else can be done."""

    status = 422


class Gone(DomainError):
    """It was there, and is over: an expired link, an ended hold."""

    status = 410


class TooLarge(DomainError):
    status = 413


class Throttled(DomainError):
    """Too often; `retry_after` in seconds."""

    status = 429

    def __init__(self, code: str, *, retry_after: int) -> None:
        super().__init__(code, retry_after=retry_after)
        self.retry_after = retry_after


class Broken(DomainError):
    """Our own fault; the log has the rest under the request's id."""

    status = 500


class Unavailable(DomainError):
    """We cannot right now; nothing was lost."""

    status = 503
