"""Everything long-lived, made in one place."""

from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncEngine

from recordings.signing import RecordKey
from recordings.tapes import SessionTapes
from scheduling.counter import Counter
from server.kernel.actor import Actor
from server.kernel.blobs import BlobStore
from server.kernel.clock import Clock
from server.kernel.clockwatch import ClockWatch
from server.kernel.config import Config
from server.kernel.gathered import Gathered
from server.kernel.outside import Mailer, SmsGateway
from server.kernel.sealing import Sealer
from server.kernel.texts import Texts
from server.kernel.uow import UnitOfWork
from signaling.desk import Desk
from signaling.engine import MediaEngine


@dataclass(frozen=True)
class Services:
    config: Config
    clock: Clock
    watch: ClockWatch
    engine: AsyncEngine
    uow: UnitOfWork
    sealer: Sealer
    blobs: BlobStore
    texts: Texts
    sms: SmsGateway
    mailer: Mailer
    media: MediaEngine
    sign_ins: Gathered[bytes, Actor]
    counter: Counter
    record_key: RecordKey
    tapes: SessionTapes
    desk: Desk
