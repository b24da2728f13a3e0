"""What may be uploaded, and what remains of it."""

import io
import struct
import zlib

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from server.cases import reencode
from server.cases.files import clean, clean_name, kind_of
from server.kernel.errors import Invalid

GPS = 0x8825
PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"


def picture(kind="JPEG", size=(40, 20), **more) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, "red").save(out, kind, **more)
    return out.getvalue()


def with_place() -> bytes:
    exif = Image.Exif()
    exif[0x010E] = "secret description"
    exif[0x0112] = 6  # to be turned by 90 degrees
    exif.get_ifd(GPS)[2] = (30.0, 52.0, 1.0)
    return picture(exif=exif.tobytes())


def claimed_size(width: int, height: int) -> bytes:
    """A tiny PNG that claims to be huge."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = zlib.compress(b"\0" * 1000)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


async def test_picture_loses_place_and_all_else_but_pixels():
    before = with_place()
    assert b"secret description" in before  # the control: it was there
    after = await clean("photo.jpg", before)
    with Image.open(io.BytesIO(after.data)) as redrawn:
        assert (redrawn.format, redrawn.size) == ("JPEG", (20, 40))
        assert dict(redrawn.getexif()) == {}
    assert b"secret description" not in after.data
    assert after.media_type == "image/jpeg"


async def test_what_hangs_behind_a_picture_is_left_behind():
    info = PngInfo()
    info.add_text("Comment", "<script>alert(1)</script>")
    hostile = picture("PNG", pnginfo=info) + b"<html><script>alert(2)</script>"
    after = await clean("x.png", hostile)
    assert b"script" not in after.data
    assert after.media_type == "image/png"


async def test_large_pictures_are_made_smaller():
    after = await clean("x.jpg", picture(size=(6000, 3000)))
    with Image.open(io.BytesIO(after.data)) as redrawn:
        assert redrawn.size == (reencode.LONGEST_EDGE, reencode.LONGEST_EDGE // 2)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "paper_wrong_kind"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "paper_wrong_kind"),
        (b"<!doctype html><script>", "paper_wrong_kind"),
        (b"PK\x03\x04" + b"\0" * 100, "paper_wrong_kind"),
        (b"GIF89a" + b"\0" * 100, "paper_wrong_kind"),
        (b"MZ" + b"\0" * 100, "paper_wrong_kind"),
        (b"#EXTM3U\nfile:///etc/passwd", "paper_wrong_kind"),
        (b"%PDF-1.7 without an end", "paper_wrong_kind"),
        (b"  " + PDF, "paper_wrong_kind"),
        (b"\0\0\0\x18ftypheic" + b"\0" * 100, "paper_heic"),
        (b"\xff\xd8\xff" + b"\0" * 100, "paper_broken"),
        (picture()[:300], "paper_broken"),
        (b"RIFF\x10\0\0\0WEBPVP8 " + b"\0" * 40, "paper_broken"),
        (claimed_size(60_000, 60_000), "paper_too_many_pixels"),
        (claimed_size(8_000, 6_000), "paper_too_many_pixels"),
        (claimed_size(400, 300), "paper_broken"),
    ],
)  # fmt: skip
async def test_hostile_and_broken_files_are_refused_by_name(data, code):
    with pytest.raises(Invalid, match=code):
        await clean("paper.jpg", data)


async def test_pdf_stays_as_it_is_under_a_pdf_name():
    after = await clean("证明.exe", PDF)
    assert (after.name, after.media_type, after.data) == ("证明.pdf", "application/pdf", PDF)


def test_names_are_plain():
    assert clean_name("../../etc/passwd", ".pdf") == "passwd.pdf"
    assert clean_name("C:\\x\\工资条.JPEG", ".jpg") == "工资条.jpg"
    assert clean_name("a\r\nb\u202egpj.exe", ".jpg") == "abgpj.jpg"
    assert clean_name("...", ".jpg") == "file.jpg"
    assert len(clean_name("x" * 500 + ".png", ".png")) == 120


def test_kinds_are_told_by_the_first_bytes():
    assert kind_of(picture("WEBP")) == "picture"
    assert kind_of(picture("PNG")) == "picture"
    assert kind_of(picture("GIF")) is None
    assert kind_of(PDF) == "pdf"
