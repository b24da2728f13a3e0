"""Writing our session descriptions: the answer to a sender, the offer to a receiver (RFC 8829, ICE-lite)."""

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass

from signaling.media.codecs import FORMATS, PICTURES, Codec, Format, payload_type_of
from signaling.media.rtp import (
    AUDIO_LEVEL,
    MID,
    ORIENTATION,
    REPAIRED_RID,
    RID,
    TRANSPORT_NUMBER,
)
from signaling.media.sdp import Section

ORIENTATION_ID = 4
FEEDBACK = {"audio": ("nack",), "video": ("nack", "nack pli", "ccm fir")}
HOST_PRIORITY = 2_130_706_431
UNDERSTOOD = {
    "audio": (MID, AUDIO_LEVEL, TRANSPORT_NUMBER),
    "video": (MID, RID, REPAIRED_RID, ORIENTATION, TRANSPORT_NUMBER),
}


@dataclass(frozen=True, slots=True)
class Transport:
    """How a leg is reached: the same for every media section."""

    ufrag: str
    password: str
    fingerprint: str
    candidates: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Accepted:
    """An offered section that we take, and in which formats."""

    section: Section
    codec: Codec
    payload_type: int
    repeat_type: int | None
    is_wanted: bool = True
    """Else it is answered as resting, and the sender sends nothing in it."""

    @property
    def tells_arrivals(self) -> bool:
        offered = self.section.extensions
        return TRANSPORT_NUMBER in offered and self.payload_type in self.section.told_arrivals

    @property
    def extensions(self) -> dict[str, int]:
        wanted = set(UNDERSTOOD[self.section.kind])
        if not self.tells_arrivals:
            wanted.discard(TRANSPORT_NUMBER)
        return {
            uri: n for uri, n in self.section.extensions.items() if uri in wanted and 0 < n < 15
        }


@dataclass(frozen=True, slots=True)
class OfferedTrack:
    """One section of our offer: a member's camera or microphone, whether it flows now or not."""

    mid: str
    codecs: tuple[Codec, ...]
    stream: str
    is_active: bool
    source: int
    repeat_source: int


def accept(section: Section, *, pictures: tuple[Codec, ...] = PICTURES) -> Accepted | None:
    """Opus, and the first of `pictures` that is offered; anything else is turned down."""
    known = {"audio": (Codec.OPUS,), "video": pictures}.get(section.kind, ())
    for codec in known if not section.is_rejected else ():
        payload_type = payload_type_of(section, codec)
        if payload_type is not None:
            is_video = section.kind == "video"
            repeat_type = section.repeat_type(payload_type) if is_video else None
            return Accepted(section, codec, payload_type, repeat_type)
    return None


def write_answer(
    sections: list[Section],
    accepted: dict[str, Accepted],
    *,
    session: str,
    version: int,
    transport: Transport,
) -> str:
    """`session` tells the client whether this is still the leg that its peer connection is for."""
    bundled = [section.mid for section in sections if section.mid in accepted]
    lines = [*_session_lines(session, version), f"a=group:BUNDLE {' '.join(bundled)}"]
    first = bundled[0] if bundled else ""
    for section in sections:
        taken = accepted.get(section.mid)
        if taken is None:
            lines += _rejection(section)
        else:
            lines += _answer_section(taken, transport, with_candidates=section.mid == first)
    return _text(lines)


def write_offer(
    tracks: Iterable[OfferedTrack], *, session: str, version: int, transport: Transport
) -> str:
    listed = list(tracks)
    bundle = " ".join(track.mid for track in listed)
    lines = [*_session_lines(session, version), f"a=group:BUNDLE {bundle}"]
    for place, track in enumerate(listed):
        lines += _offer_section(track)
        lines += _transport_lines(transport, "actpass", with_candidates=place == 0)
    return _text(lines)


def _session_lines(session: str, version: int) -> list[str]:
    origin = f"o=- {session} {version} IN IP4 0.0.0.0"
    return ["v=0", origin, "s=-", "t=0 0", "a=ice-lite", "a=msid-semantic: WMS *"]


def _rejection(section: Section) -> list[str]:
    kind = section.kind
    profile = "UDP/DTLS/SCTP webrtc-datachannel" if kind == "application" else "UDP/TLS/RTP/SAVPF 0"
    return [f"m={kind} 0 {profile}", "c=IN IP4 0.0.0.0", f"a=mid:{section.mid}", "a=inactive"]


def _answer_section(taken: Accepted, transport: Transport, *, with_candidates: bool) -> list[str]:
    section, number = taken.section, taken.payload_type
    sends = taken.is_wanted and section.direction in {"sendrecv", "sendonly"}
    form = FORMATS[taken.codec]._replace(payload_type=number, repeat_type=taken.repeat_type)
    if section.kind == "audio":
        form = form._replace(parameters=f"{form.parameters};usedtx=1")
    lines = [*_media_lines(section.kind, section.mid, [form])]
    lines.append("a=recvonly" if sends else "a=inactive")
    if section.kind == "video":
        lines.append(f"a=rtcp-fb:{number} goog-remb")
    if TRANSPORT_NUMBER in taken.extensions:
        lines.append(f"a=rtcp-fb:{number} transport-cc")
    lines += [f"a=extmap:{place} {uri}" for uri, place in taken.extensions.items()]
    if section.rids:
        lines += [f"a=rid:{rid} recv" for rid in section.rids]
        lines.append(f"a=simulcast:recv {';'.join(section.rids)}")
    return lines + _transport_lines(transport, "passive", with_candidates=with_candidates)


def _offer_section(track: OfferedTrack) -> list[str]:
    is_video = Codec.OPUS not in track.codecs
    forms = [FORMATS[codec] for codec in track.codecs]
    lines = _media_lines("video" if is_video else "audio", track.mid, forms)
    if is_video:
        lines.append(f"a=extmap:{ORIENTATION_ID} {ORIENTATION}")
    if not track.is_active:
        return [*lines, "a=inactive"]
    lines += ["a=sendonly", f"a=msid:{track.stream} {track.stream}-{track.mid}"]
    # Chromium takes the first source as the media, whatever the group says.
    sources = [track.source, track.repeat_source] if is_video else [track.source]
    if is_video:
        lines.append(f"a=ssrc-group:FID {track.source} {track.repeat_source}")
    return [*lines, *(f"a=ssrc:{source} cname:{track.stream}" for source in sources)]


def _media_lines(kind: str, mid: str, forms: list[Format]) -> list[str]:
    numbers = [form.payload_type for form in forms]
    numbers += [form.repeat_type for form in forms if form.repeat_type is not None]
    formats = " ".join(str(number) for number in numbers)
    lines = [f"m={kind} 9 UDP/TLS/RTP/SAVPF {formats}", "c=IN IP4 0.0.0.0", f"a=mid:{mid}"]
    for form in forms:
        lines += _format_lines(kind, form)
    return lines


def _format_lines(kind: str, form: Format) -> list[str]:
    number, repeat = form.payload_type, form.repeat_type
    lines = [f"a=rtpmap:{number} {form.name}"]
    if form.parameters:
        lines.append(f"a=fmtp:{number} {form.parameters}")
    lines += [f"a=rtcp-fb:{number} {feedback}" for feedback in FEEDBACK[kind]]
    if repeat is not None:
        lines += [f"a=rtpmap:{repeat} rtx/90000", f"a=fmtp:{repeat} apt={number}"]
    return lines


def _transport_lines(transport: Transport, setup: str, *, with_candidates: bool) -> list[str]:
    lines = [
        "a=rtcp-mux",
        "a=rtcp-rsize",
        f"a=ice-ufrag:{transport.ufrag}",
        f"a=ice-pwd:{transport.password}",
        f"a=fingerprint:{transport.fingerprint}",
        f"a=setup:{setup}",
    ]
    if with_candidates:
        lines += _candidate_lines(transport.candidates)
    return lines


def _candidate_lines(candidates: tuple[tuple[str, int], ...]) -> list[str]:
    lines = []
    for place, (host, port) in enumerate(candidates):
        rank = HOST_PRIORITY - (place << 8)
        family = ipaddress.ip_address(host).version
        lines.append(f"a=candidate:{place + 1}{family} 1 udp {rank} {host} {port} typ host")
    return [*lines, "a=end-of-candidates"]


def _text(lines: list[str]) -> str:
    return "\r\n".join(lines) + "\r\n"
