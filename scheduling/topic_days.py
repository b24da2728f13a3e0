"""Days for some topics alone: from the page only such matters come to them; the desk decides itself."""

from collections.abc import Collection

from scheduling.tables import ReceptionKind
from server.kernel.actor import ActorKind
from server.kernel.errors import RuleBroken
from server.kernel.uow import Tx


def check(tx: Tx, kind: str, topics: Collection[str], category: str | None) -> None:
    """Raises RuleBroken where a resident brings something else, or does not say what it is about."""
    if kind != ReceptionKind.TOPIC or tx.actor.kind is not ActorKind.RESIDENT:
        return
    if category not in topics:
        raise RuleBroken("topic_day")
