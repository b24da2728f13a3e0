"""Whether a case's record is as it left the installation. Pure: bytes in, a report out.

A record is one zip: a signed manifest names every file with its hash; the entries are a chain;
personal values and papers are bound to it by their hashes.
"""

import hashlib
import io
import json
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from recordings.signing import is_signed
from server.kernel.audit import GENESIS, canonical, link

MANIFEST, SIGNATURE = "manifest.json", "manifest.sig"
ENTRIES, PERSONAL = "entries.jsonl", "personal.jsonl"
FORMAT = "yuntiao-case-record"
MOST_FILES, MOST_BYTES = 5000, 2 << 30
Json = dict[str, Any]


class DoesNotFit(Exception):
    """The first thing that is not as it was: `where` it is, and `why`."""

    def __init__(self, where: str, why: str) -> None:
        super().__init__(f"{where}: {why}")
        self.where, self.why = where, why


@dataclass(frozen=True)
class Report:
    number: str
    exported_at: str
    entries: int
    erased: int
    papers: int
    key: str


def verify(data: bytes, *, key: str | None = None) -> Report:
    """Check everything, in order. `key`: the public key that must have signed, in hex."""
    files = _files(data)
    manifest = _manifest(files, key=key)
    _check_files(files, manifest["files"])
    entries = list(_lines(files, ENTRIES))
    _check_chain(entries, manifest["chain"])
    personal = {line["id"]: line["personal"] for line in _lines(files, PERSONAL)}
    erased = _check_personal(entries, personal)
    papers = _check_papers(entries, files)
    return Report(
        number=manifest["number"],
        exported_at=manifest["exported_at"],
        entries=len(entries),
        erased=erased,
        papers=papers,
        key=manifest["key"],
    )


def _files(data: bytes) -> dict[str, bytes]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = archive.infolist()
            if len(members) > MOST_FILES or sum(m.file_size for m in members) > MOST_BYTES:
                raise DoesNotFit("file", "too large for a record")
            names = [member.filename for member in members]
            if len(set(names)) != len(names):
                raise DoesNotFit("file", "two members have one name")
            return {member.filename: archive.read(member) for member in members}
    except (zipfile.BadZipFile, EOFError, OSError, ValueError, NotImplementedError) as error:
        raise DoesNotFit("file", "is not a readable zip") from error


def _manifest(files: dict[str, bytes], *, key: str | None) -> Json:
    for name in (MANIFEST, SIGNATURE):
        if name not in files:
            raise DoesNotFit(name, "is missing")
    manifest = _json(files[MANIFEST], MANIFEST)
    if manifest.get("format") != FORMAT:
        raise DoesNotFit(MANIFEST, "is not that of a case's record")
    signature = files[SIGNATURE].decode("ascii", "replace").strip()
    public = str(manifest.get("key"))
    if not is_signed(files[MANIFEST], signature=signature, public=public):
        raise DoesNotFit(SIGNATURE, "does not sign this manifest")
    if key is not None and public != key:
        raise DoesNotFit(SIGNATURE, f"was made with another key, {public}")
    return manifest


def _check_files(files: dict[str, bytes], named: Json) -> None:
    for name, facts in named.items():
        if name not in files:
            raise DoesNotFit(name, "is missing")
        if hashlib.sha256(files[name]).hexdigest() != facts["sha256"]:
            raise DoesNotFit(name, "was altered")
    for name in files.keys() - named.keys() - {MANIFEST, SIGNATURE}:
        raise DoesNotFit(name, "does not belong to the record")


def _check_chain(entries: list[Json], chain: Json) -> None:
    previous = GENESIS
    for position, entry in enumerate(entries, start=1):
        where = f"{ENTRIES}, line {position}"
        if entry["chained"].get("position") != position:
            raise DoesNotFit(where, f"entry {position} is missing or out of order")
        if entry["previous"] != previous:
            raise DoesNotFit(where, "does not follow the entry before it")
        previous = link(previous, entry["chained"])
        if entry["hash"] != previous:
            raise DoesNotFit(where, "was altered")
    if (len(entries), previous) != (chain["entries"], chain["last"]):
        raise DoesNotFit(ENTRIES, f"has {len(entries)} of {chain['entries']} entries")


def _check_personal(entries: list[Json], personal: dict[str, Json]) -> int:
    """How many entries had personal values that are erased."""
    erased = 0
    for entry in entries:
        expected = entry["chained"]["personal_hash"]
        values = personal.get(entry["id"])
        if values is None:
            erased += expected is not None
        elif hashlib.sha256(canonical(values)).hexdigest() != expected:
            raise DoesNotFit(f"{PERSONAL}, {entry['id']}", "does not belong to its entry")
    return erased


def _check_papers(entries: list[Json], files: dict[str, bytes]) -> int:
    held = {name.rpartition("/")[2].partition(".")[0] for name in files if "/" in name}
    papers = [e["chained"]["facts"]["sha256"] for e in entries if e["chained"]["kind"] == "paper"]
    for sha256 in papers:
        if sha256 not in held:
            raise DoesNotFit(f"papers/{sha256}", "is missing")
    return len(papers)


def _lines(files: dict[str, bytes], name: str) -> Iterator[Json]:
    if name not in files:
        raise DoesNotFit(name, "is missing")
    for number, line in enumerate(files[name].splitlines(), start=1):
        yield _json(line, f"{name}, line {number}")


def _json(data: bytes, where: str) -> Json:
    try:
        value = json.loads(data)
    except ValueError as error:
        raise DoesNotFit(where, "cannot be read") from error
    if not isinstance(value, dict):
        raise DoesNotFit(where, "cannot be read")
    return value
