"""What each command does."""

import argparse
import asyncio
import secrets
from pathlib import Path

import sqlalchemy as sa

from server.app import admin, metrics, process, records, turn
from server.bootstrap import ports, schema
from server.identity import accounts
from server.identity.passwords import hash_password
from server.identity.tables import Membership
from server.kernel.actor import SYSTEM, Role
from server.kernel.config import Config, ConfigError
from server.kernel.database import make_engine
from server.kernel.uow import Tx
from server.units import seeding


def run(options: argparse.Namespace, config: Config) -> int:
    match options.command:
        case "serve":
            refuse_demo_data(config)
            refuse_bare_https(config)
            turn.refuse_unset(config)
            refuse_weak_token(config)
            return process.run(config, process.Flavour(ports=ports.outside), tied=options.tied)
        case "turn":
            return turn.run(options, config)
        case "migrate":
            return migrate(config, down=options.down)
        case "seed":
            return seed(config, units=options.units or seeding.FILE, login=options.admin)
        case "admin" if options.thing == "case-verify":
            return records.verify_file(options.file, config, key=options.key)
        case "admin":
            with process.Database(config, join=True) as database:
                process.say(f"database: {database.shown}")
                return asyncio.run(admin.run(options, config, database.url))
        case _:
            raise AssertionError(options.command)


def refuse_demo_data(config: Config) -> None:
    """The demo's accounts have a password that everybody knows."""
    folder = config.server.data_dir
    if config.database.url is None and (folder / "demo").exists():
        raise SystemExit(f"serve: {folder} holds the demo district; choose another server.data_dir")


def refuse_bare_https(config: Config) -> None:
    """`serve` speaks plain HTTP: https is the work of a proxy, and we must know whom to believe."""
    public = config.server.public_url or ""
    if public.startswith("https://") and not config.server.trusted_proxies:
        raise SystemExit(
            "serve: server.public_url is https, so a TLS proxy stands in front: "
            "name its address in server.trusted_proxies"
        )


def refuse_weak_token(config: Config) -> None:
    try:
        metrics.token_of(config.metrics)
    except ConfigError as error:
        raise SystemExit(f"settings: {error}") from error


def migrate(config: Config, *, down: str | None) -> int:
    with process.Database(config) as database:
        asyncio.run(_migrate(config, database.url, down=down))
        process.say(f"the tables of {database.shown} are as asked")
    return 0


async def _migrate(config: Config, url: str, *, down: str | None) -> None:
    if down is None:
        await process.migrated(config, url)
        return
    engine = make_engine(url, pool_size=2)
    try:
        await schema.downgrade(engine, target=down)
    finally:
        await engine.dispose()


def seed(config: Config, *, units: Path, login: str) -> int:
    with process.Database(config, join=True) as database:
        process.say(f"database: {database.shown}")
        return asyncio.run(_seed(config, database.url, units=units, login=login))


async def _seed(config: Config, url: str, *, units: Path, login: str) -> int:
    await process.migrated(config, url)
    district = seeding.district(units)
    async with admin.ground(config, url) as uow, uow.begin(SYSTEM) as tx:
        await seeding.seed(tx, district)
        process.say(f"{len(district)} units are there")
        await _first_admin(tx, login=login, unit_code=district[0].code)
    return 0


async def _first_admin(tx: Tx, *, login: str, unit_code: str) -> None:
    """An administrator, where there is none; the password is shown this once."""
    known = sa.select(Membership.id).where(Membership.role == Role.ADMIN).limit(1)
    if await tx.session.scalar(known):
        process.say("there is an administrator already")
        return
    password = secrets.token_urlsafe(12)
    await accounts.add_staff(
        tx, login=login, name=login, password_hash=hash_password(password), role=Role.ADMIN,
        unit_code=unit_code,
    )  # fmt: skip
    process.say(f"administrator {login}, password {password} (shown this once; change it)")
