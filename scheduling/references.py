"""Numbers that people read to each other: booking references and six-digit codes."""

import secrets
from datetime import datetime
from uuid import UUID

REFERENCE_DIGITS = 12
CODE_DIGITS = 6


def new_reference() -> str:
    """Twelve digits, said in three groups on the phone; never begins with 0."""
    least = 10 ** (REFERENCE_DIGITS - 1)
    return str(least + secrets.randbelow(9 * least))


def marks(appointment_id: UUID, *, now: datetime) -> dict[str, object]:
    """What an appointment is known by from its first moment: here, on the phone, in calendars."""
    return {
        "id": appointment_id,
        "reference": new_reference(),
        "uid": f"{appointment_id}@yuntiao",
        "created_at": now,
    }


def new_code() -> str:
    return f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}d}"
