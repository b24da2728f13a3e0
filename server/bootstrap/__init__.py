"""The one place that makes long-lived things and registers handlers."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from recordings.recorders import Recorders
from recordings.signing import load_record_key
from recordings.tapes import SessionTapes, taping
from scheduling.counter import Counter
from server.bootstrap.services import Services
from server.bootstrap.subscriptions import SUBSCRIPTIONS
from server.identity import sessions
from server.kernel.blobs import BlobStore
from server.kernel.clock import Clock, SystemClock
from server.kernel.clockwatch import ClockWatch
from server.kernel.config import Config
from server.kernel.database import make_engine
from server.kernel.outside import Mailer, SmsGateway
from server.kernel.sealing import load_sealer
from server.kernel.texts import load_texts
from server.kernel.uow import UnitOfWork
from signaling.desk import Desk
from signaling.engine import MediaEngine
from signaling.live import Ground
from signaling.relays import relays_of
from signaling.running import running

__all__ = ["Services", "build"]


@asynccontextmanager
async def build(
    config: Config,
    *,
    database_url: str,
    clock: Clock,
    sms: SmsGateway,
    mailer: Mailer,
    media: MediaEngine,
) -> AsyncIterator[Services]:
    """Make the services over a migrated database; the ports are given."""
    engine = make_engine(
        database_url, pool_size=config.database.pool_size, role=config.database.role
    )
    sealer = load_sealer(config.secrets_folder)
    uow = UnitOfWork(engine, clock, SUBSCRIPTIONS, config.scheduling)
    recorders = Recorders(reserve=config.recordings.reserve * 1_000_000)
    tapes = SessionTapes(recorders, config.recordings_folder, uow=uow, sealer=sealer, clock=clock)
    services = Services(
        config=config,
        clock=clock,
        watch=ClockWatch(
            uow, SystemClock(), moved=None if isinstance(clock, SystemClock) else clock
        ),
        engine=engine,
        uow=uow,
        sealer=sealer,
        blobs=BlobStore(config.server.data_dir / "blobs", sealer),
        texts=load_texts(),
        sms=sms,
        mailer=mailer,
        media=media,
        sign_ins=sessions.gathered(uow, config.identity),
        counter=Counter(uow),
        record_key=load_record_key(config.secrets_folder),
        tapes=tapes,
        desk=Desk(
            Ground(
                uow,
                media,
                sealer,
                clock,
                relays_of(config.media.turn),
                tapes if config.recordings.enabled else None,
            ),
            config.scheduling,
            config.identity,
        ),
    )
    try:
        await tapes.recover()
        async with running(services.desk), taping(tapes, services.desk):
            yield services
    finally:
        await engine.dispose()
