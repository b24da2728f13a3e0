"""One PostgreSQL a run, one database a worker, services over it, a clock that stands still."""

import asyncio
import functools
import inspect
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import pytest
import pytest_asyncio
import uvloop
from hypothesis import HealthCheck, settings

from scheduling.runner import Runner
from server.app import application
from server.bootstrap import Services, build, schema
from server.bootstrap.handlers import handlers
from server.kernel.clock import FixedClock
from server.kernel.config import Config
from server.kernel.database import Base, make_engine
from server.kernel.postgres import Postgres
from tests.ports import Outbox, SilentEngine

FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off",
        "max_connections": "200", "wal_level": "minimal", "max_wal_senders": "0"}  # fmt: skip
MONDAY = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)  # 09:00 in the district


# How long an example takes says what else the machine does, not what we did.
settings.register_profile("whenever", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("whenever")


def pytest_configure(config: pytest.Config) -> None:
    if hasattr(config, "workerinput"):  # the controller has made the server
        config.sockets = config.workerinput["sockets"]
        return
    folder = Path(tempfile.mkdtemp(prefix="yuntiao-test-"))
    folder.chmod(0o755)
    config.postgres = Postgres(folder / "db", settings=FAST)
    config.postgres.start()
    config.sockets = str(config.postgres.sockets)
    asyncio.run(_template(config.postgres))


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node) -> None:
    node.workerinput["sockets"] = node.config.sockets


def pytest_unconfigure(config: pytest.Config) -> None:
    postgres = getattr(config, "postgres", None)
    if postgres:
        postgres.stop()
        shutil.rmtree(postgres.folder.parent, ignore_errors=True)


def pytest_asyncio_loop_factories(config, item):
    return {"uvloop": uvloop.new_event_loop}


def pytest_itemcollected(item: pytest.Item) -> None:
    """A test that waits in vain fails where it waits.

    uvloop swallows what a signal raises; pytest-timeout's thread ends the whole worker, and is
    for what does not wait.
    """
    if inspect.iscoroutinefunction(test := getattr(item, "obj", None)):
        marker = item.get_closest_marker("timeout")
        patience = (marker.args[0] if marker else float(item.config.getoption("timeout"))) - 30

        @functools.wraps(test)
        async def limited(*args, **kwargs):
            async with asyncio.timeout(patience):
                return await test(*args, **kwargs)

        item.obj = limited


async def _template(postgres: Postgres) -> None:
    connection = await asyncpg.connect(
        host=str(postgres.sockets), user="postgres", database="postgres"
    )
    await connection.execute("CREATE DATABASE yuntiao_template")
    await connection.close()
    engine = make_engine(postgres.url("yuntiao_template"), pool_size=2)
    await schema.migrate(engine, role="yuntiao_app")
    await engine.dispose()


@pytest_asyncio.fixture(scope="session")
async def database_url(request, worker_id) -> AsyncIterator[str]:
    """A database of this worker's own, from the migrated template."""
    host, name = request.config.sockets, f"yuntiao_test_{worker_id}"
    admin = await asyncpg.connect(host=host, user="postgres", database="postgres")
    await admin.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
    await admin.execute(f"CREATE DATABASE {name} TEMPLATE yuntiao_template")
    yield f"postgresql+asyncpg://postgres@/{name}?host={host}"
    await admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await admin.close()


@pytest_asyncio.fixture(scope="session")
async def owner_engine(database_url):
    engine = make_engine(database_url, pool_size=2)
    yield engine
    await engine.dispose()


@pytest_asyncio.fixture
async def clean(owner_engine) -> AsyncIterator[None]:
    """Empty tables after the test; DELETE is far quicker than TRUNCATE here."""
    yield
    async with owner_engine.begin() as connection:
        await connection.exec_driver_sql("SET CONSTRAINTS ALL DEFERRED")
        for table in reversed(Base.metadata.sorted_tables):
            await connection.exec_driver_sql(f'DELETE FROM "{table.name}"')


@pytest.fixture
def clock(request) -> FixedClock:
    """A Monday morning; what is made for servers of their own begins with the machine's time."""
    of_machine = request.node.get_closest_marker("machine_time")
    return FixedClock(datetime.now(UTC) if of_machine else MONDAY)


@pytest.fixture
def outbox() -> Outbox:
    return Outbox()


@pytest.fixture(scope="session")
def config(tmp_path_factory) -> Iterator[Config]:
    """Defaults, with a data folder of this run's own."""
    folder = tmp_path_factory.mktemp("data")
    return Config.model_validate({"server": {"data_dir": folder, "port": 0}})


@pytest_asyncio.fixture
async def services(database_url, clean, clock, config, outbox) -> AsyncIterator[Services]:
    async with build(
        config, database_url=database_url, clock=clock, sms=outbox, mailer=outbox,
        media=SilentEngine(),
    ) as made:  # fmt: skip
        yield made


@pytest_asyncio.fixture
async def client(services, aiohttp_client):
    """Speaks to the whole application as our own pages do; keeps cookies."""
    return await aiohttp_client(application(services), headers={"X-Yuntiao": "1"})


@pytest.fixture
def runner(services) -> Runner:
    """Runs what is due at the test's clock: `await runner.run_all_due()`."""
    return Runner(services.uow, handlers(services))
