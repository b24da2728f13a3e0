"""Reads a picture on standard input, writes it anew on standard output: pixels and nothing else.

Runs as a process of its own with little memory and time and nothing to lose, since decoders are
where hostile files bite. The exit status says what was wrong.
"""

import io
import resource
import sys
import warnings

from PIL import Image, ImageOps, UnidentifiedImageError

FORMATS = ("JPEG", "PNG", "WEBP")
MAX_PIXELS = 40_000_000
LONGEST_EDGE = 4000
MEMORY = 768 << 20
SECONDS = 20
BROKEN, TOO_MANY_PIXELS = 65, 66


class TooManyPixels(Exception):
    """The picture would need more memory than it is worth."""


def reencode(data: bytes) -> tuple[str, bytes]:
    """The picture upright, bounded, without any metadata, and its media type."""
    with Image.open(io.BytesIO(data), formats=FORMATS) as picture:
        if picture.width * picture.height > MAX_PIXELS:
            raise TooManyPixels
        kept = "PNG" if picture.format == "PNG" else "JPEG"
        upright = ImageOps.exif_transpose(picture)
    upright.thumbnail((LONGEST_EDGE, LONGEST_EDGE))
    plain = _only_pixels(upright, alpha=kept == "PNG")
    out = io.BytesIO()
    plain.save(out, kept, quality=85, optimize=True)
    return f"image/{kept.lower()}", out.getvalue()


def _only_pixels(picture: Image.Image, *, alpha: bool) -> Image.Image:
    """A new picture: what the old one carried beside its pixels stays behind."""
    if picture.has_transparency_data:
        seen = picture.convert("RGBA")
        if alpha:
            return Image.frombytes("RGBA", seen.size, seen.tobytes())
        ground = Image.new("RGBA", seen.size, "white")
        picture = Image.alpha_composite(ground, seen)
    seen = picture.convert("RGB")
    return Image.frombytes("RGB", seen.size, seen.tobytes())


def main() -> int:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    warnings.simplefilter("error", Image.DecompressionBombWarning)
    try:
        media_type, data = reencode(sys.stdin.buffer.read())
    except (TooManyPixels, Image.DecompressionBombWarning, Image.DecompressionBombError):
        return TOO_MANY_PIXELS
    except MemoryError:
        return TOO_MANY_PIXELS
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, EOFError):
        return BROKEN
    sys.stdout.buffer.write(media_type.encode() + b"\n" + data)
    return 0


if __name__ == "__main__":
    sys.exit(main())
