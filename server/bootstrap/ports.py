"""The ways out of a server for real use: SMTP and the SMS gateway, as configured."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from aiohttp import ClientSession

from server.kernel.config import Config
from server.kernel.outside import Mailer, SmsGateway
from server.notices.sms import HttpGateway, NoGateway
from server.notices.smtp import SmtpMailer


@dataclass(frozen=True)
class Ports:
    sms: SmsGateway
    mailer: Mailer


@asynccontextmanager
async def outside(config: Config) -> AsyncIterator[Ports]:
    mailer = SmtpMailer(config.mail)
    if config.sms.gateway == "none":
        yield Ports(NoGateway(), mailer)
        return
    async with ClientSession() as client:
        yield Ports(HttpGateway(config.sms, client), mailer)
