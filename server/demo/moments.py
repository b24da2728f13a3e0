"""Letting things have happened: the same transaction at another time, as somebody else."""

from dataclasses import replace
from datetime import datetime, timedelta

from server.demo.people import Resident, Worker
from server.kernel.actor import Actor, ActorKind, Membership
from server.kernel.events import Subscriptions
from server.kernel.uow import Tx

FIVE_MINUTES = 300


def at(tx: Tx, moment: datetime, actor: Actor) -> Tx:
    """What is done with the answer was done then, by them; followers are told as always."""
    return replace(tx, now=moment, actor=actor)


def quiet(tx: Tx) -> Tx:
    """Nobody follows what is done with the answer: it is history, nobody is to be told again."""
    return replace(tx, subscriptions=Subscriptions())


def as_staff(worker: Worker) -> Actor:
    held = (Membership(worker.role, worker.unit.id, worker.unit.path),)
    return Actor(ActorKind.STAFF, account_id=worker.id, name=worker.name, memberships=held)


def as_resident(resident: Resident) -> Actor:
    return Actor(ActorKind.RESIDENT, account_id=resident.id)


def next_five_minutes(moment: datetime) -> datetime:
    """The next full five minutes, at least one minute away."""
    second = int((moment + timedelta(minutes=1)).timestamp())
    return datetime.fromtimestamp(-(-second // FIVE_MINUTES) * FIVE_MINUTES, moment.tzinfo)
