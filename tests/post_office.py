"""A real SMTP server in the test's own loop, kind or unkind as told."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from enum import StrEnum

from aiosmtpd.smtp import SMTP, Envelope, Session


class Mood(StrEnum):
    KIND = "kind"
    REFUSING = "refusing"
    BUSY = "busy"
    SILENT = "silent"
    DROPPING = "dropping"
    """Takes the message, then goes away before it says so."""


@dataclass
class PostOffice:
    """`letters` are all that arrived, also those that were never acknowledged."""

    mood: Mood = Mood.KIND
    port: int = 0
    letters: list[bytes] = field(default_factory=list)
    callers: int = 0
    senders: list[str | None] = field(default_factory=list)

    @property
    def mails(self) -> list[EmailMessage]:
        parsed = (message_from_bytes(x, _class=EmailMessage, policy=default) for x in self.letters)
        return list(parsed)

    @property
    def ids(self) -> set[str]:
        return {str(mail["Message-ID"]) for mail in self.mails}

    async def handle_EHLO(self, server, session, envelope, hostname, responses):
        self.callers += 1
        if self.mood is Mood.SILENT:
            await asyncio.Event().wait()
        session.host_name = hostname
        return responses

    async def handle_RCPT(self, server, session: Session, envelope: Envelope, address, options):
        if self.mood is Mood.REFUSING:
            return "550 no such mailbox"
        if self.mood is Mood.BUSY:
            return "451 try again later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope):
        self.letters.append(envelope.original_content)
        self.senders.append(envelope.mail_from)
        if self.mood is Mood.DROPPING:
            server.transport.abort()
        return "250 OK"


@asynccontextmanager
async def post_office() -> AsyncIterator[PostOffice]:
    office, loop = PostOffice(), asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: SMTP(office, hostname="post.test", enable_SMTPUTF8=True, loop=loop), "127.0.0.1", 0
    )
    office.port = server.sockets[0].getsockname()[1]
    try:
        yield office
    finally:
        server.close()
