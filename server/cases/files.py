"""What an uploaded file is, by its first bytes, and how it is made harmless."""

import asyncio
import sys
import unicodedata
from dataclasses import dataclass
from pathlib import Path

from server.cases import reencode
from server.kernel.errors import Invalid

REENCODE = Path(reencode.__file__)
TIMEOUT = 30.0
LONGEST_NAME = 120
SUFFIXES = {"image/jpeg": ".jpg", "image/png": ".png", "application/pdf": ".pdf"}
PDF_TAIL = 2048


@dataclass(frozen=True)
class CleanFile:
    name: str
    media_type: str
    data: bytes


async def clean(name: str, data: bytes) -> CleanFile:
    """The file as it may be kept. Raises Invalid with a code for what is wrong with it."""
    match kind_of(data):
        case "pdf":
            media_type = "application/pdf"
        case "picture":
            media_type, data = await _redrawn(data)
        case "heic":
            raise Invalid("paper_heic")
        case _:
            raise Invalid("paper_wrong_kind")
    return CleanFile(name=clean_name(name, SUFFIXES[media_type]), media_type=media_type, data=data)


def kind_of(data: bytes) -> str | None:
    """`picture`, `pdf` or `heic`; None for all that is not taken."""
    if data.startswith((b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n")):
        return "picture"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "picture"
    if data.startswith(b"%PDF-1.") or data.startswith(b"%PDF-2."):
        return "pdf" if b"%%EOF" in data[-PDF_TAIL:] else None
    if data[4:8] == b"ftyp" and data[8:12] in {b"heic", b"heix", b"mif1", b"msf1", b"avif"}:
        return "heic"
    return None


def clean_name(name: str, suffix: str) -> str:
    """A plain file name with the suffix of what the file is."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    kept = "".join(c for c in last if unicodedata.category(c)[0] not in "CZ" or c == " ")
    stem = kept.rsplit(".", 1)[0].strip(" .") or "file"
    return stem[: LONGEST_NAME - len(suffix)] + suffix


async def _redrawn(data: bytes) -> tuple[str, bytes]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-I", str(REENCODE), env={},
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        async with asyncio.timeout(TIMEOUT):
            out, _ = await process.communicate(data)
    except TimeoutError:
        raise Invalid("paper_broken") from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode == reencode.TOO_MANY_PIXELS:
        raise Invalid("paper_too_many_pixels")
    if process.returncode != 0:
        raise Invalid("paper_broken")
    media_type, _, drawn = out.partition(b"\n")
    return media_type.decode(), drawn
