"""A case's record as one signed zip: entries, personal values, papers, a page to print."""

import asyncio
import hashlib
import io
import json
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from recordings import record_facts, record_page, verify
from recordings.record_page import Printed
from recordings.signing import RecordKey
from server.cases import timeline
from server.cases.files import SUFFIXES
from server.cases.queries import CaseParts
from server.cases.tables import TimelineEntry
from server.kernel.blobs import BlobStore
from server.kernel.database import Json
from server.kernel.sealing import Sealer
from server.kernel.texts import Texts

VERSION = 1
EPOCH = (1980, 1, 1, 0, 0, 0)
"""Dates of zip members say nothing: the manifest does."""


@dataclass(frozen=True)
class Exporter:
    sealer: Sealer
    blobs: BlobStore
    texts: Texts
    key: RecordKey

    async def record(self, parts: CaseParts, *, at: datetime, by: str, language: str) -> bytes:
        """The whole record; `by` is who takes it away, by account."""
        personal = {e.id: timeline.personal_of(e, self.sealer) for e in parts.entries}
        printed = Printed(
            case=record_facts.case_facts(parts, self.sealer),
            entries=[(e, personal[e.id] or {}) for e in parts.entries],
            names=parts.names,
            exported_at=at,
            key=self.key.public,
        )
        files = {
            "README.txt": record_page.readme(self.texts, language, key=self.key.public).encode(),
            "case.json": _pretty(printed.case),
            verify.ENTRIES: _lines(_entry(entry) for entry in parts.entries),
            verify.PERSONAL: _lines(
                {"id": str(entry_id), "personal": values}
                for entry_id, values in personal.items()
                if values is not None
            ),
            "page.html": record_page.page(printed, self.texts, language).encode(),
            **await self._papers(parts),
        }
        return await asyncio.to_thread(self._signed, files, _manifest(parts, at=at, by=by))

    def _signed(self, files: Mapping[str, bytes], head: Json) -> bytes:
        named = {
            name: {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data)}
            for name, data in files.items()
        }
        manifest = _pretty({**head, "key": self.key.public, "files": named})
        signature = self.key.sign(manifest).encode()
        return pack({verify.MANIFEST: manifest, verify.SIGNATURE: signature, **files})

    async def _papers(self, parts: CaseParts) -> dict[str, bytes]:
        return {
            f"papers/{paper.sha256}{SUFFIXES[paper.media_type]}": await self.blobs.get(paper.sha256)
            for paper in parts.papers
        }


def pack(files: Mapping[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            how = zipfile.ZIP_STORED if name.startswith("papers/") else zipfile.ZIP_DEFLATED
            archive.writestr(zipfile.ZipInfo(name, EPOCH), data, how)
    return out.getvalue()


def _manifest(parts: CaseParts, *, at: datetime, by: str) -> Json:
    last = parts.entries[-1].hash if parts.entries else None
    return {
        "format": verify.FORMAT,
        "version": VERSION,
        "number": parts.case.number,
        "exported_at": at.isoformat(),
        "exported_by": by,
        "chain": {"entries": len(parts.entries), "last": last},
    }


def _entry(entry: TimelineEntry) -> Json:
    return {
        "id": str(entry.id),
        "chained": timeline.chained(entry),
        "previous": entry.previous,
        "hash": entry.hash,
    }


def _lines(values: Iterable[Json]) -> bytes:
    return b"".join(json.dumps(value, ensure_ascii=False).encode() + b"\n" for value in values)


def _pretty(value: Json) -> bytes:
    return json.dumps(value, ensure_ascii=False, indent=2).encode() + b"\n"
