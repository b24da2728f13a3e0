"""The organizer's mailbox: the mail server hands over by LMTP what calendars and reports answer.

Nothing of a mail is logged but why it was not taken. What a machine sent is never answered with a
refusal, so that no two machines write to each other.
"""

import asyncio
import logging
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from weakref import WeakSet

from aiosmtpd.lmtp import LMTP
from aiosmtpd.smtp import SMTP, Envelope, Session

from scheduling.messages import answers, incoming_mail, replies
from scheduling.messages.answers import Arrived
from scheduling.messages.calendar_lines import Unreadable
from scheduling.messages.incoming_mail import Incoming
from scheduling.messages.replies import Reply
from server.kernel.actor import SYSTEM
from server.kernel.errors import DomainError
from server.kernel.uow import UnitOfWork
from server.notices.answers import AnswerNotices

log = logging.getLogger("yuntiao.mail")
MOST_BYTES = 1 << 20
AT_ONCE = 4
PATIENCE = 60.0
TAKEN = "250 2.0.0 taken"
LATER = "451 4.3.0 please try again later"


@dataclass(frozen=True)
class Mailbox:
    """The handler of one address and of those made of it; `phone` stands in refusals."""

    uow: UnitOfWork
    notices: AnswerNotices
    address: str
    phone: str
    release_after: timedelta
    _turns: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))

    async def handle_RCPT(  # noqa: N802  (aiosmtpd calls it so)
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: object
    ) -> str:
        if self._token(address) is None:
            return "550 5.1.1 no such mailbox"
        if envelope.rcpt_tos:  # LMTP answers each recipient by itself; we take one at a time
            return "452 4.5.3 one recipient at a time"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 ok"

    async def handle_DATA(  # noqa: N802  (aiosmtpd calls it so)
        self, _server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        data = envelope.original_content or b""
        try:
            async with self._turns, asyncio.timeout(PATIENCE):
                return await self._take(data, envelope)
        except (DomainError, TimeoutError) as error:
            log.warning("mail_postponed", extra={"code": type(error).__name__})
            return LATER

    async def handle_exception(self, error: Exception) -> str:
        log.error("mail_failed", exc_info=error)
        return LATER

    async def _take(self, data: bytes, envelope: Envelope) -> str:
        is_automatic = not envelope.mail_from
        try:
            mail, reply = await asyncio.to_thread(_read, data)
            is_automatic = is_automatic or mail.is_automatic
            code = await self._act(mail, reply, token=self._token(envelope.rcpt_tos[0]) or "")
        except Unreadable as error:
            log.warning("mail_not_taken", extra={"code": error.code})
            return TAKEN if is_automatic else self._refusal
        log.info("mail_taken", extra={"code": code})
        return TAKEN

    async def _act(self, mail: Incoming, reply: Reply | None, *, token: str) -> str:
        if mail.bounce is None and reply is None:
            raise Unreadable("nothing_for_us")
        async with self.uow.begin(SYSTEM) as tx:
            if mail.bounce is not None:
                return await self.notices.bounced(tx, mail.bounce)
            if reply is None:
                raise Unreadable("nothing_for_us")
            arrived = Arrived(reply, mail.sender, token)
            sealer = self.notices.courier.sealer
            return await answers.take(tx, sealer, arrived, release_after=self.release_after)

    @property
    def _refusal(self) -> str:
        return f"550 5.6.0 nobody reads this mailbox; please call {self.phone}"

    def _token(self, address: str) -> str | None:
        """What stands behind the plus, maybe nothing; None: the address is not ours."""
        ours, _, domain = self.address.lower().rpartition("@")
        name, _, their_domain = address.lower().rpartition("@")
        name, _, token = name.partition("+")
        return token if (name, their_domain) == (ours, domain) else None


def _read(data: bytes) -> tuple[Incoming, Reply | None]:
    mail = incoming_mail.read(data)
    return mail, replies.read(mail.calendar) if mail.calendar is not None else None


@asynccontextmanager
async def listening(mailbox: Mailbox, at: str) -> AsyncIterator[int | None]:
    """LMTP on host:port or on a Unix socket; yields the port. Open dialogues end with it."""
    loop, lines = asyncio.get_running_loop(), WeakSet[LMTP]()

    def line() -> LMTP:
        made = LMTP(
            mailbox, data_size_limit=MOST_BYTES, enable_SMTPUTF8=True, hostname="localhost",
            timeout=PATIENCE * 2, loop=loop,
        )  # fmt: skip
        lines.add(made)
        return made

    if at.startswith("/"):
        server = await loop.create_unix_server(line, at)
        os.chmod(at, 0o660)
    else:
        host, _, port = at.rpartition(":")
        server = await loop.create_server(line, host.strip("[]"), int(port))
    try:
        bound = server.sockets[0].getsockname()
        yield None if at.startswith("/") else bound[1]
    finally:
        server.close()
        for one in list(lines):
            if one.transport is not None:
                one.transport.close()
