"""What is said to the process that takes in what Janus forwards: `receiver.py`."""

from dataclasses import dataclass

from signaling.media.messages import to_plain

KEY_SIZE = 30
"""SRTP with AES-128 and an 80-bit tag, as Janus forwards: key and salt."""


@dataclass(frozen=True, slots=True)
class Source:
    """One forwarded stream; of the encodings of one picture the smallest has rank 0."""

    number: int
    medium: str
    """Audio or video."""

    place: int
    codec: str
    rank: int


@dataclass(frozen=True, slots=True)
class Expect:
    """One stay of a member in a captured room; `to` is the path of the reader's socket."""

    epoch: str
    member: str
    to: str
    key: bytes


@dataclass(frozen=True, slots=True)
class Add:
    epoch: str
    sources: tuple[Source, ...]


@dataclass(frozen=True, slots=True)
class Allow:
    """What of it is captured: whom the host silenced nobody hears."""

    epoch: str
    kinds: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Forget:
    epoch: str


@dataclass(frozen=True, slots=True)
class Listen:
    host: str


@dataclass(frozen=True, slots=True)
class Call:
    ref: int
    command: "Command"


Command = Listen | Expect | Add | Allow | Forget

_KINDS = {kind.__name__: kind for kind in (Listen, Source, Expect, Add, Allow, Forget, Call)}


def to_call(ref: int, command: Command) -> object:
    return to_plain(Call(ref, command))


def from_plain(value: object) -> object:
    if isinstance(value, dict):
        content = {name: from_plain(item) for name, item in value.items() if name != "kind"}
        kind: type = _KINDS[value["kind"]]
        return kind(**content)
    return tuple(from_plain(item) for item in value) if isinstance(value, tuple) else value
