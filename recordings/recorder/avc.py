"""H.264 units: taken out of RTP payloads, and what their parameters say (RFC 6184, ITU-T H.264)."""

from collections.abc import Iterator

TYPE = 0x1F
IDR, SEQUENCE, PICTURE = 5, 7, 8
PARAMETERS = frozenset({SEQUENCE, PICTURE})
STAP_A, FU_A = 24, 28


def units(payload: bytes, fragment: bytearray) -> Iterator[bytes]:
    """The whole units that end in this packet; `fragment` holds what has begun."""
    kind = payload[0] & TYPE
    if kind == STAP_A:
        at = 1
        while at + 2 < len(payload):
            length = int.from_bytes(payload[at : at + 2], "big")
            yield payload[at + 2 : at + 2 + length]
            at += 2 + length
    elif kind == FU_A and len(payload) > 2:
        if payload[1] & 0x80:
            fragment[:] = bytes([payload[0] & 0xE0 | payload[1] & TYPE])
        if fragment:
            fragment += payload[2:]
        if payload[1] & 0x40 and fragment:
            yield bytes(fragment)
            fragment.clear()
    elif 0 < kind < STAP_A:
        yield payload


def configuration(sequence: bytes, picture: bytes) -> bytes:
    """The decoder's configuration record (ISO 14496-15), with unit lengths of four bytes."""
    return b"".join(
        (
            bytes([1, *sequence[1:4], 0xFF, 0xE1]),
            len(sequence).to_bytes(2, "big"), sequence,
            bytes([1]), len(picture).to_bytes(2, "big"), picture,
        )
    )  # fmt: skip


def shape(sequence: bytes) -> tuple[int, int]:
    """Width and height of a baseline stream, from its sequence parameters (7.3.2.1.1)."""
    bits = _Bits(sequence[4:].replace(b"\0\0\3", b"\0\0"))
    bits.coded()  # the set's own number
    bits.coded()  # frame numbers
    if (order := bits.coded()) == 0:
        bits.coded()
    elif order == 1:
        bits.skip(1)
        bits.coded(), bits.coded()
        for _ in range(bits.coded()):
            bits.coded()
    bits.coded()  # reference frames
    bits.skip(1)
    width, lines = bits.coded() + 1, bits.coded() + 1
    is_whole = bits.take(1)
    bits.skip(1 if is_whole else 2)
    left, right, top, bottom = (bits.coded() for _ in range(4)) if bits.take(1) else (0, 0, 0, 0)
    height = lines * (2 - is_whole)
    return width * 16 - 2 * (left + right), height * 16 - 2 * (2 - is_whole) * (top + bottom)


class _Bits:
    """Reads as many zeros as it likes after the end."""

    def __init__(self, content: bytes) -> None:
        self._bits = "".join(f"{byte:08b}" for byte in content)
        self._at = 0

    def take(self, count: int) -> int:
        taken = self._bits[self._at : self._at + count].ljust(count, "0")
        self._at += count
        return int(taken, 2) if taken else 0

    def skip(self, count: int) -> None:
        self._at += count

    def coded(self) -> int:
        """An exponential-Golomb number (9.1)."""
        zeros = 0
        while zeros < 32 and not self.take(1):
            zeros += 1
        return (1 << zeros) - 1 + self.take(zeros)
