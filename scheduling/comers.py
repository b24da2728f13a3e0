"""Who comes with a resident, and by what right: companion, interpreter, agent, representatives."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from pydantic import TypeAdapter

from scheduling.tables import SessionRole
from server.kernel.errors import FieldError, Invalid
from server.kernel.sealing import Sealer

ALONG = frozenset(
    {
        SessionRole.HELPER,
        SessionRole.INTERPRETER,
        SessionRole.AGENT,
        SessionRole.REPRESENTATIVE,
    }
)
BY_LETTER = frozenset({SessionRole.AGENT, SessionRole.REPRESENTATIVE})
"""They act for others: by a letter of authority, or by the paper with which a group chose them."""
MOST = 6
"""Beside the leader and the one who booked there is room for so many."""


@dataclass(frozen=True)
class Comer:
    """`letter_id` is the paper by which they act; at the desk the paper itself may have been seen."""

    role: SessionRole
    name: str
    phone: str | None = None
    letter_id: UUID | None = None
    letter_seen: bool = False


KEPT = TypeAdapter(list[Comer])


def seal(sealer: Sealer, company: Sequence[Comer]) -> bytes | None:
    """To be kept until there is a time for them to come."""
    return sealer.seal(KEPT.dump_json([*company]).decode(), purpose="text") if company else None


def opened(sealer: Sealer, kept: bytes | None) -> list[Comer]:
    return KEPT.validate_json(sealer.open(kept, purpose="text")) if kept else []


def check(
    company: Sequence[Comer], *, people: int, papers: Sequence[UUID], most_representatives: int
) -> None:
    """Raises Invalid with everything that cannot be; who booked is a representative too."""
    bad = []
    chosen = [one for one in company if one.role is SessionRole.REPRESENTATIVE]
    if len(company) > MOST:
        bad.append(FieldError("company", "field.company_too_large"))
    if chosen and len(chosen) + 1 > most_representatives:
        bad.append(FieldError("company", "field.too_many_representatives"))
    if chosen and len(chosen) + 1 > people:
        bad.append(FieldError("people", "field.fewer_than_come"))
    if any(not _may_act(one, papers) for one in company):
        bad.append(FieldError("company", "field.letter_missing"))
    if bad:
        raise Invalid("invalid", fields=tuple(bad))


def _may_act(one: Comer, papers: Sequence[UUID]) -> bool:
    """A letter is one of the papers that came with the booking, never somebody else's."""
    if one.letter_id is not None and one.letter_id not in papers:
        return False
    return one.role not in BY_LETTER or one.letter_seen or one.letter_id in papers
