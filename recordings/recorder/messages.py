"""What the server and its recorder process say to each other, and how it becomes plain values."""

from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Start:
    """Listen on a Unix datagram socket at `listen`, write into `folder`; again after a restart."""

    name: str
    folder: str
    listen: str
    reserve: int
    """Octets that must stay free on the disk."""


@dataclass(frozen=True, slots=True)
class Stop:
    name: str


@dataclass(frozen=True, slots=True)
class Note:
    """Something that happened, for the list beside the files; `facts` are pairs."""

    name: str
    event: str
    facts: tuple[tuple[str, str], ...]


Order = Start | Stop | Note


@dataclass(frozen=True, slots=True)
class Started:
    name: str


@dataclass(frozen=True, slots=True)
class Finished:
    """A file that is closed, hashed and listed."""

    name: str
    number: int
    file: str
    octets: int
    sha256: str
    chain: str
    interrupted: bool


@dataclass(frozen=True, slots=True)
class Stopped:
    name: str


@dataclass(frozen=True, slots=True)
class Trouble:
    """Nothing is written of this recording now."""

    name: str
    what: str
    why: str


@dataclass(frozen=True, slots=True)
class Recovered:
    """After a `Trouble`: it goes on."""

    name: str


News = Started | Finished | Stopped | Trouble | Recovered

_KINDS: dict[str, type] = {
    kind.__name__: kind
    for kind in (Start, Stop, Note, Started, Finished, Stopped, Trouble, Recovered)
}


def to_plain(message: Order | News) -> object:
    return {"is": type(message).__name__, **asdict(message)}


def from_plain(value: object) -> object:
    """Raises KeyError or TypeError on what neither side sends."""
    if not isinstance(value, dict):
        raise TypeError("not a message")
    kind: type = _KINDS[value["is"]]
    return kind(**{name: item for name, item in value.items() if name != "is"})
