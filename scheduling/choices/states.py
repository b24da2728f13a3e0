"""What can happen to a wish and to a place in a line, as tables."""

from collections.abc import Mapping
from enum import StrEnum

from scheduling.choices.tables import EntryState as E
from scheduling.choices.tables import WishState as W


class WishAction(StrEnum):
    PROPOSE = "propose"
    COME_BACK = "come_back"
    BOOK = "book"
    DECLINE = "decline"
    WITHDRAW = "withdraw"


WISH: Mapping[tuple[W, str], W] = {
    (W.ASKED, WishAction.PROPOSE): W.PROPOSED,
    (W.ASKED, WishAction.DECLINE): W.DECLINED,
    (W.ASKED, WishAction.WITHDRAW): W.WITHDRAWN,
    (W.PROPOSED, WishAction.COME_BACK): W.ASKED,
    (W.PROPOSED, WishAction.BOOK): W.BOOKED,
    (W.PROPOSED, WishAction.DECLINE): W.DECLINED,
    (W.PROPOSED, WishAction.WITHDRAW): W.WITHDRAWN,
}


class EntryAction(StrEnum):
    OFFER = "offer"
    WAIT_ON = "wait_on"
    BOOK = "book"
    LAPSE = "lapse"
    LEAVE = "leave"
    CLOSE = "close"


ENTRY: Mapping[tuple[E, str], E] = {
    (E.WAITING, EntryAction.OFFER): E.OFFERED,
    (E.WAITING, EntryAction.LEAVE): E.LEFT,
    (E.WAITING, EntryAction.CLOSE): E.CLOSED,
    (E.OFFERED, EntryAction.WAIT_ON): E.WAITING,
    (E.OFFERED, EntryAction.BOOK): E.BOOKED,
    (E.OFFERED, EntryAction.LAPSE): E.LAPSED,
    (E.OFFERED, EntryAction.LEAVE): E.LEFT,
    (E.OFFERED, EntryAction.CLOSE): E.CLOSED,
}
