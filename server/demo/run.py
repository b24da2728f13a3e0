"""`python -m server demo`: a seeded district with one-click entrances."""

import fcntl
import shutil
import socket
from functools import partial
from pathlib import Path

from aiohttp import web

from server.app import process
from server.app.process import Flavour, Say
from server.bootstrap.services import Services
from server.demo import people, seed
from server.demo.entrances import Entrance, Entrances
from server.demo.lan import Lan, lan
from server.demo.messages import MessageBook, demo_ports
from server.demo.seed import District
from server.kernel.clock import SystemClock
from server.kernel.config import Centre, Config, Sms
from server.units import seeding

OWN_FOLDERS = ("db", "blobs", "secrets", "lan", "demo")
"""What the demo keeps in the data folder; the last one marks it as a demo's."""

WELCOME = """
The demo district is open:
  {address}/demo   one-click entrances, sent SMS and mail
  {address}/       for residents: {resident} (phone {phone}; codes appear on the demo page)
  {address}/staff  for staff, password {password}:
{accounts}"""
ON_PHONES = """
On phones in this network, trust this machine first: {address}/demo/phone"""


def run(config: Config, *, tied: bool, reset: bool, lan_wanted: bool) -> int:
    clock = SystemClock()
    if reset:
        clear(config)
    mark(config.server.data_dir)
    units = seeding.district()
    district = District(units, people.people(units))
    signature = district.everybody.signature
    config = named(with_port(config), name=units[0].name, signature=signature)
    network: Lan | None = None
    if lan_wanted:
        config, network = lan(config, clock=clock)
    book = MessageBook(config.server.data_dir / "demo" / "messages.jsonl", clock)
    return process.run(config, flavour(district, book, network), tied=tied)


def flavour(district: District, book: MessageBook, network: Lan | None) -> Flavour:
    """What the demo has beside what `serve` has."""
    entrances = Entrances(district.everybody, book)

    async def prepare(services: Services, say: Say) -> None:
        say("preparing the demo district")
        await seed.prepare(services, district)

    def extend(app: web.Application) -> None:
        entrances.add(app)
        if network:
            network.add(app)

    return Flavour(
        ports=partial(demo_ports, book=book),
        prepare=prepare,
        extend=extend,
        welcome=partial(welcome, entrances, on_phones=network is not None),
        tls=network.context if network else None,
    )


def clear(config: Config) -> None:
    """Take away what the demo keeps, and nothing else; never what is in use or real."""
    folder = config.server.data_dir
    if config.database.url:
        raise SystemExit("--reset: empty the database at database.url yourself; it is not ours")
    if not folder.exists():
        return
    if (folder / "db").exists() and not (folder / "demo").exists():
        raise SystemExit(f"--reset: {folder} holds the data of a real server, not of the demo")
    if in_use(folder / "db" / "lock"):
        raise SystemExit(f"--reset: a server runs on {folder}; stop it first")
    process.say("clearing the demo's data")
    for name in OWN_FOLDERS:
        shutil.rmtree(folder / name, ignore_errors=True)


def mark(folder: Path) -> None:
    """From now on the data folder is a demo's; a real server's is refused."""
    if (folder / "db").exists() and not (folder / "demo").exists():
        raise SystemExit(f"demo: {folder} holds the data of a real server; choose another folder")
    (folder / "demo").mkdir(parents=True, exist_ok=True)


def in_use(lock: Path) -> bool:
    if not lock.exists():
        return False
    with lock.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def with_port(config: Config) -> Config:
    """Any free port, chosen before the start: messages hold links."""
    if config.server.port:
        return config
    with socket.socket() as probe:
        probe.bind((config.server.host, 0))
        port = probe.getsockname()[1]
    return config.model_copy(update={"server": config.server.model_copy(update={"port": port})})


def named(config: Config, *, name: str, signature: str) -> Config:
    """The district's own name and signature, where the settings say nothing else."""
    centre, sms = config.centre, config.sms
    if centre.name == Centre().name:
        centre = centre.model_copy(update={"name": name})
    if sms.signature == Sms().signature:
        sms = sms.model_copy(update={"signature": signature})
    return config.model_copy(update={"centre": centre, "sms": sms})


def welcome(entrances: Entrances, address: str, *, on_phones: bool) -> str:
    resident = entrances.people.residents[0]
    staff = [role for role in Entrance if role not in (Entrance.RESIDENT, Entrance.NEIGHBOUR)]
    accounts = [f"    {entrances.login_of(role):<16} {entrances.name_of(role)}" for role in staff]
    text = WELCOME + ON_PHONES if on_phones else WELCOME
    return text.format(
        address=address,
        resident=resident.name,
        phone=resident.phone,
        password=entrances.people.password,
        accounts="\n".join(accounts),
    )
