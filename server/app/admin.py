"""Administration from the command line: accounts, sign-ins, the audit trail, jobs."""

import argparse
import getpass
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import sqlalchemy as sa

from server.bootstrap import schema
from server.bootstrap.subscriptions import SUBSCRIPTIONS
from server.identity import accounts, sessions
from server.identity.passwords import hash_password
from server.kernel import audit, tasks
from server.kernel.actor import SYSTEM
from server.kernel.clock import SystemClock
from server.kernel.config import Config
from server.kernel.database import make_engine
from server.kernel.errors import DomainError
from server.kernel.tasks import Task
from server.kernel.texts import load_texts
from server.kernel.uow import Tx, UnitOfWork

MOST_JOBS = 100


class Refused(Exception):
    """One line for whoever sits at the terminal."""


async def run(options: argparse.Namespace, config: Config, url: str) -> int:
    """One action in one transaction; 1 when it was refused or the trail is broken."""
    try:
        async with ground(config, url) as uow, uow.begin(SYSTEM) as tx:
            return await _act(tx, options)
    except DomainError as error:
        text = load_texts().get("en", f"error.{error.code}", **error.params)
        print(f"refused: {text}", file=sys.stderr)
        return 1
    except Refused as error:
        print(f"refused: {error}", file=sys.stderr)
        return 1


@asynccontextmanager
async def ground(config: Config, url: str) -> AsyncIterator[UnitOfWork]:
    """Units of work without a server around them; the tables must be of this program."""
    await _check_level(url)
    engine = make_engine(url, pool_size=2, role=config.database.role)
    try:
        yield UnitOfWork(engine, SystemClock(), SUBSCRIPTIONS, config.scheduling)
    finally:
        await engine.dispose()


async def _check_level(url: str) -> None:
    engine = make_engine(url, pool_size=2)  # without the role: it is made with the tables
    try:
        async with engine.connect() as connection:
            level = await schema.level(connection)
    except (sa.exc.SQLAlchemyError, OSError) as error:
        raise Refused(f"the database does not answer: {error}") from error
    finally:
        await engine.dispose()
    if level != schema.newest():
        raise Refused("the tables are not up to date: run `python -m server migrate`")


async def _act(tx: Tx, options: argparse.Namespace) -> int:
    match options.thing, options.action:
        case "user", "add":
            await _add_user(tx, options)
        case "user", "disable":
            ended = await accounts.disable(tx, options.login)
            print(f"{options.login} is disabled; sign-ins ended: {ended}")
        case "user", "password":
            await accounts.set_password(tx, options.login, hash_password(ask_password()))
            print(f"{options.login} has a new password; every sign-in of theirs is ended")
        case "sessions", "revoke":
            account = await accounts.staff(tx, options.login)
            print(f"sign-ins ended: {await sessions.revoke_all(tx, account.id)}")
        case "audit", "verify":
            return await _verify(tx)
        case "jobs", "list":
            await _list_jobs(tx)
        case "jobs", "retry":
            await _retry(tx, options.id)
        case _:
            raise AssertionError(options)
    return 0


async def _add_user(tx: Tx, options: argparse.Namespace) -> None:
    account = await accounts.add_staff(
        tx, login=options.login, name=options.name, password_hash=hash_password(ask_password()),
        role=options.role, unit_code=options.unit,
    )  # fmt: skip
    print(f"{account.login} may sign in as {options.role} in {options.unit}")


def ask_password() -> str:
    """Twice at a terminal, one line of stdin otherwise: never an argument others could see."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\n")
    password = getpass.getpass("password: ")
    if password != getpass.getpass("once more: "):
        raise Refused("the two are not the same")
    return password


async def _verify(tx: Tx) -> int:
    broken = await audit.verify(tx.connection)
    if broken is not None:
        print(f"the trail is broken at line {broken}", file=sys.stderr)
        return 1
    count = await tx.session.scalar(sa.select(sa.func.count()).select_from(audit.AuditSeal))
    print(f"the trail holds: {count} sealed lines")
    return 0


async def _list_jobs(tx: Tx) -> None:
    waiting = sa.select(Task).where(
        Task.done_at.is_(None), sa.or_(Task.due_at < tx.now, Task.last_error.is_not(None))
    )
    found = (await tx.session.scalars(waiting.order_by(Task.due_at).limit(MOST_JOBS))).all()
    for job in found:
        state = "dead" if job.attempt >= job.max_attempt else "waiting"
        print(f"{job.id}\t{job.kind}\t{state}\tdue {job.due_at:%Y-%m-%d %H:%M:%S}Z"
              f"\ttried {job.attempt}\t{job.last_error or ''}")  # fmt: skip
    print(f"{len(found)} jobs are overdue or failed")


async def _retry(tx: Tx, job_id: int) -> None:
    if not await tasks.revive(tx.connection, job_id, now=tx.now):
        raise Refused("there is no such job that waits or failed")
    tx.audit("retry", "task", str(job_id))
    print(f"job {job_id} is tried again at once")
