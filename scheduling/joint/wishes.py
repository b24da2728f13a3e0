"""What a joint interview needs: which units, who receives, by when, for how long, where."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from pydantic import TypeAdapter

from server.kernel.database import Json
from server.kernel.errors import FieldError, Invalid

MOST_UNITS = 6
"""At one table: with who receives and whom it is about a room is full."""


@dataclass(frozen=True)
class Group:
    """So many of these units, whichever can."""

    units: tuple[UUID, ...]
    needed: int = 1


@dataclass(frozen=True)
class Wishes:
    """`leaders`: one of them receives; without any the clerk does. Without `rooms` by video only.

    `since` and `until` bound the days; `until` is the deadline. `no_smartphone`: whom it is about
    are told on the phone, and come to the centre.
    """

    fixed: tuple[UUID, ...] = ()
    groups: tuple[Group, ...] = ()
    optional: tuple[UUID, ...] = ()
    leaders: tuple[UUID, ...] = ()
    preferred_leader: UUID | None = None
    rooms: tuple[UUID, ...] = ()
    minutes: int = 60
    since: date | None = None
    until: date | None = None
    no_smartphone: bool = False

    @property
    def length(self) -> timedelta:
        return timedelta(minutes=self.minutes)

    @property
    def units(self) -> tuple[UUID, ...]:
        """All that are named, each part after the other."""
        grouped = (one for group in self.groups for one in group.units)
        return (*self.fixed, *grouped, *self.optional)

    def plain(self) -> Json:
        written: Json = _WISHES.dump_python(self, mode="json")
        return written


_WISHES = TypeAdapter(Wishes)


def of(written: Json) -> Wishes:
    return _WISHES.validate_python(written)


def check(wishes: Wishes) -> None:
    """Raises Invalid with all that contradicts itself."""
    if errors := tuple(_errors(wishes)):
        raise Invalid("invalid", fields=errors)


def _errors(wishes: Wishes) -> Iterator[FieldError]:
    if not wishes.fixed and not wishes.groups:
        yield FieldError("fixed", "field.missing")
    if len(set(wishes.units)) < len(wishes.units):
        yield FieldError("fixed", "field.unit_twice")
    for place, group in enumerate(wishes.groups):
        if not 1 <= group.needed <= len(group.units):
            yield FieldError(f"groups.{place}.needed", "field.invalid")
    needed = sum(group.needed for group in wishes.groups)
    if len(wishes.fixed) + needed + len(wishes.optional) > MOST_UNITS:
        yield FieldError("fixed", "field.too_many_units", {"most": MOST_UNITS})
    if wishes.preferred_leader is not None and wishes.preferred_leader not in wishes.leaders:
        yield FieldError("preferred_leader", "field.invalid")
    if wishes.since and wishes.until and wishes.until < wishes.since:
        yield FieldError("until", "field.before_begin")
