"""What the demo sends: SMS by a gateway that keeps them, mail by a catcher that speaks SMTP."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session

from server.bootstrap.ports import Ports
from server.kernel.clock import Clock
from server.kernel.config import Config, Mail
from server.kernel.outside import Sms
from server.notices.smtp import SmtpMailer


@dataclass(frozen=True)
class Message:
    """One SMS or mail; `calendar` is the iTIP object of a mail that has one."""

    key: str
    at: str
    channel: str
    to: str
    subject: str
    text: str
    calendar: str | None = None


@dataclass
class MessageBook:
    """Kept as lines of JSON, so that a second start of the demo still shows them."""

    file: Path
    clock: Clock
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def add(self, message: Message) -> None:
        """Write it down; a message whose key is there already is the same message."""
        async with self._lock:
            await asyncio.to_thread(self._append, message)

    async def newest(self, most: int) -> list[Message]:
        async with self._lock:
            return (await asyncio.to_thread(self._all))[-most:][::-1]

    def now(self) -> str:
        moment: datetime = self.clock.now()
        return moment.isoformat()

    def _append(self, message: Message) -> None:
        if any(known.key == message.key for known in self._all()):
            return
        self.file.parent.mkdir(parents=True, exist_ok=True)
        with self.file.open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(message), ensure_ascii=False) + "\n")

    def _all(self) -> list[Message]:
        if not self.file.exists():
            return []
        lines = self.file.read_text("utf-8").splitlines()
        return [Message(**json.loads(line)) for line in lines]


@dataclass(frozen=True)
class DemoGateway:
    """An SMS gateway that hands over to the demo's page."""

    book: MessageBook
    signature: str

    async def send(self, sms: Sms) -> str:
        text = f"\u3010{self.signature}\u3011{sms.text}"
        await self.book.add(
            Message(sms.key, self.book.now(), channel="sms", to=sms.to, subject="", text=text)
        )
        return f"demo-{sms.key}"


@dataclass(frozen=True)
class Catcher:
    """What the demo's SMTP server does with a mail."""

    book: MessageBook

    async def handle_DATA(  # noqa: N802  (aiosmtpd calls it so)
        self, _server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        mail = message_from_bytes(envelope.original_content or b"", policy=policy.default)
        for recipient in envelope.rcpt_tos:
            await self.book.add(_mail(mail, to=recipient, at=self.book.now()))
        return "250 kept for the demo"


@asynccontextmanager
async def demo_ports(config: Config, book: MessageBook) -> AsyncIterator[Ports]:
    """The demo's ways out: nothing leaves the machine."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: SMTP(Catcher(book), hostname="localhost", loop=loop, enable_SMTPUTF8=True),
        "127.0.0.1",
        0,
    )
    port = server.sockets[0].getsockname()[1]
    sender = config.mail.sender
    try:
        mail = Mail(host="127.0.0.1", port=port, security="none", sender=sender)
        yield Ports(DemoGateway(book, config.sms.signature), SmtpMailer(mail))
    finally:
        server.close()
        await server.wait_closed()


def _mail(mail: EmailMessage, *, to: str, at: str) -> Message:
    plain = mail.get_body(preferencelist=("plain", "html"))
    calendar = next((p for p in mail.walk() if p.get_content_type() == "text/calendar"), None)
    return Message(
        key=f"{mail['Message-ID']} {to}",
        at=at,
        channel="mail",
        to=to,
        subject=str(mail["Subject"] or ""),
        text=plain.get_content() if plain else "",
        calendar=calendar.get_content() if calendar else None,
    )
