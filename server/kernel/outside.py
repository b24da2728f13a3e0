"""Ports to the world: SMS and mail. Adapters are made by bootstrap."""

from dataclasses import dataclass
from email.message import EmailMessage
from typing import Protocol


class NotDelivered(Exception):
    """The other side refused or did not answer; `for_good` when trying again is useless."""

    def __init__(self, why: str, *, for_good: bool = False) -> None:
        super().__init__(why)
        self.for_good = for_good


@dataclass(frozen=True)
class Sms:
    """`key` is the same on every try of the same message."""

    key: str
    to: str
    text: str


class SmsGateway(Protocol):
    async def send(self, sms: Sms) -> str:
        """Hand over; answers the gateway's id. Raises NotDelivered."""
        ...


class Mailer(Protocol):
    async def send(self, message: EmailMessage, *, to: str) -> None:
        """Hand over in one SMTP dialogue. Raises NotDelivered."""
        ...
