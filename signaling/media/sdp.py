"""Reading a browser's session description, within limits. Its candidates are counted, never read."""

import re
from dataclasses import dataclass, field

from signaling.engine import MediaRefusedError, Refusal

LENGTH_LIMIT = 32_768
SENDING_SECTIONS = 4
RECEIVING_SECTIONS = 64
CANDIDATE_LIMIT = 30
RIDS_LIMIT = 3
FINGERPRINT_HASHES = frozenset({"sha-256", "sha-384", "sha-512"})
DIRECTIONS = frozenset({"sendrecv", "sendonly", "recvonly", "inactive"})

_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`{|}~-]{1,64}")
_UFRAG = re.compile(r"[A-Za-z0-9+/]{4,256}")
_RTPMAP = re.compile(r"(\d{1,3}) ([A-Za-z0-9-]{1,32})/(\d{1,6})(?:/(\d))?")
_FEEDBACK = re.compile(r"(\d{1,3}) transport-cc")
_PARAMETERS = re.compile(r"(\d{1,3}) (\S.{0,255})")
_REPEATS = re.compile(r"(\d{1,3}) apt=(\d{1,3})(?:;.*)?")
_EXTENSION = re.compile(r"(\d{1,3})(?:/[a-z]+)? (\S{1,128}).*")
_PAIR = re.compile(r"FID (\d{1,10}) (\d{1,10})")
_SOURCE = re.compile(r"(\d{1,10})(?: .*)?")
_ORIGIN = re.compile(r"\S{1,64} (\d{1,20}) \d{1,20} IN IP[46] \S{1,128}")
_MEDIA = re.compile(r"([a-z]{1,16}) (\d{1,5}) (\S{1,64}) (.{1,512})")
_SIMULCAST = re.compile(r"send ([A-Za-z0-9]{1,16}(?:;[A-Za-z0-9]{1,16}){0,7})(?: .*)?")
_FINGERPRINT = re.compile(r"(\S{1,16}) ([0-9A-Fa-f:]{8,192})")


@dataclass(slots=True)
class Section:
    """One media section as the other side wrote it."""

    kind: str
    is_rejected: bool
    formats: tuple[int, ...]
    mid: str = ""
    direction: str = "sendrecv"
    codecs: dict[int, str] = field(default_factory=dict)
    parameters: dict[int, str] = field(default_factory=dict)
    told_arrivals: set[int] = field(default_factory=set)
    """Formats whose sender wants to be told when each packet came."""

    repeats: dict[int, int] = field(default_factory=dict)
    extensions: dict[str, int] = field(default_factory=dict)
    sources: set[int] = field(default_factory=set)
    repeated_by: dict[int, int] = field(default_factory=dict)
    rids: list[str] = field(default_factory=list)
    """Encodings of one picture that are sent side by side, best first (RFC 8853)."""

    @property
    def is_taken(self) -> bool:
        """Of an answer: whether what we send in it is wanted."""
        return not self.is_rejected and self.direction in {"recvonly", "sendrecv"}

    def repeat_type(self, payload_type: int) -> int | None:
        """The format in which RFC 4588 repeats the other one."""
        for number in self.formats:
            if self.codecs.get(number) == "rtx/90000" and self.repeats.get(number) == payload_type:
                return number
        return None


@dataclass(slots=True)
class Description:
    """A whole description; ICE and DTLS parameters are those of the bundle."""

    session: str = ""
    ufrag: str = ""
    setup: str = ""
    fingerprints: list[tuple[str, str]] = field(default_factory=list)
    bundle: tuple[str, ...] = ()
    sections: list[Section] = field(default_factory=list)


def read_description(text: str, *, section_limit: int) -> Description:
    """Raises MediaRefusedError for what no browser would send, and for what we cannot use."""
    if len(text) > LENGTH_LIMIT:
        raise MediaRefusedError(Refusal.TOO_LONG)
    lines = text.splitlines()
    if sum(1 for line in lines if line.startswith("m=")) > section_limit:
        raise MediaRefusedError(Refusal.TOO_MANY_SECTIONS)
    if sum(1 for line in lines if line[:12].lower() == "a=candidate:") > CANDIDATE_LIMIT:
        raise MediaRefusedError(Refusal.TOO_MANY_CANDIDATES)
    description = Description()
    for line in lines:
        _read_line(description, line)
    _check(description)
    return description


def _read_line(description: Description, line: str) -> None:
    kind, value = line[:2], line[2:]
    if kind == "o=":
        description.session = _match(_ORIGIN, value)[1]
    elif kind == "m=":
        description.sections.append(_section(value))
    elif kind == "a=":
        name, _, content = value.partition(":")
        if not _read_transport(description, name, content) and description.sections:
            _read_attribute(description.sections[-1], name, content)


def _read_transport(description: Description, name: str, content: str) -> bool:
    match name:
        case "ice-ufrag":
            description.ufrag = description.ufrag or _match(_UFRAG, content)[0]
        case "setup":
            description.setup = description.setup or content
        case "fingerprint":
            _read_fingerprint(description, content)
        case "group" if content.startswith("BUNDLE "):
            description.bundle = tuple(content.split()[1:])
        case _:
            return False
    return True


def _read_fingerprint(description: Description, content: str) -> None:
    found = _match(_FINGERPRINT, content)
    fingerprint = (found[1].lower(), found[2].upper())
    known = description.fingerprints
    if fingerprint[0] in FINGERPRINT_HASHES and fingerprint not in known and len(known) < 4:
        known.append(fingerprint)


def _section(value: str) -> Section:
    found = _match(_MEDIA, value)
    formats = tuple(int(word) for word in found[4].split() if word.isdecimal() and len(word) <= 3)
    return Section(kind=found[1], is_rejected=found[2] == "0", formats=formats[:64])


def _read_attribute(section: Section, name: str, content: str) -> None:
    match name:
        case "bundle-only":
            section.is_rejected = False  # port 0 then means: only as part of the bundle
        case "mid":
            section.mid = _match(_TOKEN, content)[0]
        case "rtpmap" if found := _RTPMAP.fullmatch(content):
            section.codecs[int(found[1])] = f"{found[2].lower()}/{found[3]}"
        case "rtcp-fb" if found := _FEEDBACK.fullmatch(content):
            section.told_arrivals.add(int(found[1]))
        case "fmtp" if found := _REPEATS.fullmatch(content):
            section.repeats[int(found[1])] = int(found[2])
        case "fmtp" if found := _PARAMETERS.fullmatch(content):
            section.parameters[int(found[1])] = found[2]
        case "extmap" if found := _EXTENSION.fullmatch(content):
            section.extensions[found[2]] = int(found[1])
        case "ssrc-group" if found := _PAIR.fullmatch(content):
            section.repeated_by[int(found[2]) & 0xFFFFFFFF] = int(found[1]) & 0xFFFFFFFF
        case "simulcast" if found := _SIMULCAST.fullmatch(content):
            section.rids = found[1].split(";")[:RIDS_LIMIT]
        case "ssrc" if found := _SOURCE.fullmatch(content):
            section.sources.add(int(found[1]) & 0xFFFFFFFF)
        case _:
            section.direction = name if name in DIRECTIONS else section.direction


def _check(description: Description) -> None:
    mids = [section.mid for section in description.sections]
    if not description.session or not description.ufrag or not description.fingerprints:
        raise MediaRefusedError(Refusal.MALFORMED)
    if not mids or not all(mids) or len(set(mids)) != len(mids):
        raise MediaRefusedError(Refusal.MALFORMED)


def _match(pattern: re.Pattern[str], text: str) -> re.Match[str]:
    found = pattern.fullmatch(text)
    if found is None:
        raise MediaRefusedError(Refusal.MALFORMED)
    return found
