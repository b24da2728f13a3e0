"""Checking in: where one is, and two plain answers; then the waiting room."""

from collections.abc import Mapping
from dataclasses import dataclass

from scheduling.tables import Invitee, SessionKind
from server.identity import consents
from server.identity.consents import Attendance
from server.identity.tables import Basis, ConsentKind
from server.kernel.errors import FieldError, Invalid
from server.kernel.sealing import Sealer
from server.kernel.uow import Tx
from signaling.states import ONE_BY_ONE_KINDS

TEXT_VERSION = "2026-11"


@dataclass(frozen=True)
class Answers:
    """What somebody says at the door; `how` they said it."""

    present_address: str
    given: Mapping[ConsentKind, bool]
    text_version: str
    how: str

    @property
    def agrees_to_join(self) -> bool:
        return self.given.get(ConsentKind.JOIN, False)

    @property
    def agrees_to_recording(self) -> bool:
        return self.given.get(ConsentKind.RECORD, False)


def basis_of(kind: SessionKind) -> Basis:
    """Receptions run on a notice, the office's legal duty; mediation on the consent of all."""
    return Basis.NOTICE if kind in ONE_BY_ONE_KINDS else Basis.CONSENT


def check(answers: Answers) -> None:
    """Both switches were answered, to the text that is shown now."""
    errors = []
    if set(answers.given) != set(ConsentKind):
        errors.append(FieldError("consents", "field.missing"))
    if answers.text_version != TEXT_VERSION:
        errors.append(FieldError("text_version", "field.outdated"))
    if errors:
        raise Invalid("invalid", fields=tuple(errors))


async def keep(
    tx: Tx, sealer: Sealer, invitee: Invitee, answers: Answers, *, kind: SessionKind
) -> None:
    """Write the answers down; an address given again replaces the one before."""
    attending = await tx.session.get_one(Invitee, invitee.id)
    attending.present_address = sealer.seal(answers.present_address, purpose="address")
    about = Attendance(invitee.id, invitee.appointment_id, invitee.person_id)
    for consent, given in sorted(answers.given.items()):
        await consents.answer(
            tx, about, kind=consent, given=given, basis=basis_of(kind),
            text_version=answers.text_version, how=answers.how,
        )  # fmt: skip
