"""The states of a case and what leads from one to the next."""

from collections.abc import Iterator, Mapping
from enum import StrEnum

from server.cases.tables import CaseState as S


class CaseAction(StrEnum):
    REGISTER = "register"
    ACCEPT = "accept"
    NOT_ACCEPT = "not_accept"
    ASSIGN = "assign"
    MEDIATE = "mediate"
    HANDLE = "handle"
    CONCLUDE = "conclude"
    ARCHIVE = "archive"
    SEND_ELSEWHERE = "send_elsewhere"
    WITHDRAW = "withdraw"
    TO_COURT = "to_court"
    NO_LONGER_ACCEPT = "no_longer_accept"


A = CaseAction
RUNNING = (S.REGISTERED, S.ACCEPTED, S.ASSIGNED, S.IN_MEDIATION, S.IN_HANDLING)
ENDED = (
    S.CONCLUDED,
    S.NOT_ACCEPTED,
    S.SENT_ELSEWHERE,
    S.WITHDRAWN,
    S.TO_COURT,
    S.NO_LONGER_ACCEPTED,
)


def _moves() -> Iterator[tuple[tuple[S, str], S]]:
    yield (S.DRAFT, A.REGISTER), S.REGISTERED
    yield (S.REGISTERED, A.ACCEPT), S.ACCEPTED
    yield (S.REGISTERED, A.NOT_ACCEPT), S.NOT_ACCEPTED
    yield (S.REGISTERED, A.NO_LONGER_ACCEPT), S.NO_LONGER_ACCEPTED
    yield (S.REGISTERED, A.SEND_ELSEWHERE), S.SENT_ELSEWHERE
    yield (S.REGISTERED, A.MEDIATE), S.IN_MEDIATION
    yield (S.ACCEPTED, A.ASSIGN), S.ASSIGNED
    for state in (S.ACCEPTED, S.ASSIGNED):
        yield (state, A.MEDIATE), S.IN_MEDIATION
        yield (state, A.HANDLE), S.IN_HANDLING
        yield (state, A.SEND_ELSEWHERE), S.SENT_ELSEWHERE
    yield (S.IN_MEDIATION, A.HANDLE), S.IN_HANDLING
    yield (S.IN_HANDLING, A.MEDIATE), S.IN_MEDIATION
    for state in (S.IN_MEDIATION, S.IN_HANDLING):
        yield (state, A.CONCLUDE), S.CONCLUDED
        yield (state, A.TO_COURT), S.TO_COURT
    for state in RUNNING:
        yield (state, A.WITHDRAW), S.WITHDRAWN
    for state in ENDED:
        yield (state, A.ARCHIVE), S.ARCHIVED


MOVES: Mapping[tuple[S, str], S] = dict(_moves())
NEEDS_REASON = frozenset(
    {A.NOT_ACCEPT, A.NO_LONGER_ACCEPT, A.SEND_ELSEWHERE, A.WITHDRAW, A.TO_COURT}
)
