"""Events: facts that others may follow, each follower retried alone."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from pydantic import BaseModel, ConfigDict


class Event(BaseModel):
    """A past-tense fact; carries ids, never personal values."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    name: ClassVar[str]


@dataclass(frozen=True)
class Subscriptions:
    """Which task kinds follow which event; made once by bootstrap."""

    kinds: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def followers(self, event: Event) -> tuple[str, ...]:
        return self.kinds.get(event.name, ())
