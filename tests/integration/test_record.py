"""The exported record: complete, and nothing in it can be altered unseen (T28)."""

import hashlib
import io
import json
import subprocess
import sys
import zipfile

import pytest
import pytest_asyncio
import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from recordings import verify
from recordings.export import Exporter, pack
from recordings.signing import RecordKey, load_record_key
from recordings.verify import DoesNotFit
from scheduling.tables import Appointment
from server.cases import papers, queries
from server.cases.files import CleanFile
from server.cases.tables import Case, TimelineEntry
from server.kernel.actor import SYSTEM, Role
from server.units.tables import Unit
from signaling.events import SessionClosed
from tests.cases import INSTRUCTION
from tests.identity import add_staff, enter
from tests.integration.test_notices import confirm
from tests.reception import (
    add_centre,
    add_leader,
    add_resident,
    book,
    publish_day,
    slots_of,
)
from tests.sessions import ADDRESS, hold_session
from tests.unit.test_files import PDF


@pytest_asyncio.fixture
async def case(services, runner) -> Case:
    """Booked with a paper, confirmed, held, archived."""
    centre = await add_centre(services)
    leader = await add_leader(services, centre)
    day = await publish_day(services, leader)
    await runner.run_all_due()
    resident = await add_resident(services)
    async with services.uow.begin(resident.actor) as tx:
        file = CleanFile("工资条.pdf", "application/pdf", PDF)
        paper = await papers.add(tx, services.sealer, services.blobs, resident.actor, file)
    [slot, *_] = await slots_of(services, day)
    made = await book(services, slot, resident, paper_ids=[paper.id], sentence="三个月没有发工资")
    await confirm(services, centre, made)
    async with services.uow.begin(SYSTEM) as tx:
        appointment = await tx.session.get_one(Appointment, made)
        session = await hold_session(services, tx, appointment, unit_id=centre.id)
        tx.emit(SessionClosed(appointment_id=made, session_id=session.id))
    await runner.run_all_due()
    async with services.uow.begin(SYSTEM) as tx:
        return await tx.session.get_one(Case, appointment.case_id)


@pytest.fixture
def key(services) -> str:
    return services.record_key.public


async def exported(services, case) -> bytes:
    exporter = Exporter(services.sealer, services.blobs, services.texts, services.record_key)
    async with services.uow.begin(SYSTEM) as tx:
        parts = await queries.parts(tx, await tx.session.get_one(Case, case.id))
    return await exporter.record(parts, at=tx.now, by="clerk", language="zh-CN")


def members(record: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(record)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def forged(record: bytes, key: RecordKey, **files: bytes) -> bytes:
    """Altered by somebody who also rewrites the manifest, and signs it with a key."""
    content = {**members(record), **files}
    manifest = json.loads(content.pop(verify.MANIFEST))
    content.pop(verify.SIGNATURE)
    manifest["files"] = {
        name: {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data)}
        for name, data in content.items()
    }
    manifest["key"] = key.public
    text = json.dumps(manifest).encode()
    return pack({verify.MANIFEST: text, verify.SIGNATURE: key.sign(text).encode(), **content})


async def test_record_is_complete_and_verifies(services, case, key):
    record = await exported(services, case)
    report = verify.verify(record, key=key)
    assert (report.number, report.papers, report.erased, report.key) == (case.number, 1, 0, key)
    files = members(record)
    kinds = [json.loads(line)["chained"]["kind"] for line in files["entries.jsonl"].splitlines()]
    assert kinds == ["registered", "paper", "decision", "reply", "booked", "confirmed", "session"]
    assert PDF in files.values()
    page = files["page.html"].decode()
    for text in (case.number, "三个月没有发工资", INSTRUCTION, "Resident 1", "信访人", "已登记"):
        assert text in page
    assert json.loads(files["case.json"])["papers"][0]["name"] == "工资条.pdf"


async def test_t28_every_flipped_bit_is_found_and_named(services, case, key):
    record = await exported(services, case)
    for name, data in members(record).items():
        for position in {0, len(data) // 2, len(data) - 1}:
            altered = bytearray(data)
            altered[position] ^= 1
            with pytest.raises(DoesNotFit) as caught:
                verify.verify(pack({**members(record), name: bytes(altered)}), key=key)
            assert caught.value.where in {name, verify.SIGNATURE, verify.MANIFEST}, name


async def test_t28_missing_and_added_files_are_named(services, case, key):
    files = members(await exported(services, case))
    for name in files:
        less = {n: data for n, data in files.items() if n != name}
        with pytest.raises(DoesNotFit, match="missing") as caught:
            verify.verify(pack(less), key=key)
        assert caught.value.where == name
    with pytest.raises(DoesNotFit, match="does not belong") as caught:
        verify.verify(pack({**files, "more.txt": b"x"}), key=key)
    assert caught.value.where == "more.txt"


async def test_t28_dropped_swapped_and_altered_lines_are_found_even_if_signed_again(
    services, case, key
):
    """Whoever holds the signing key still cannot bend the chain."""
    record = await exported(services, case)
    lines = members(record)["entries.jsonl"].splitlines(keepends=True)
    altered = json.loads(lines[2])
    altered["chained"]["facts"]["result"] = "adjourned"
    for changed, where in (
        ([*lines[:2], *lines[3:]], "entries.jsonl, line 3"),
        ([lines[0], lines[2], lines[1], *lines[3:]], "entries.jsonl, line 2"),
        (lines[:-1], "entries.jsonl"),
        ([*lines[:2], json.dumps(altered).encode() + b"\n", *lines[3:]], "entries.jsonl, line 3"),
    ):
        bent = forged(record, services.record_key, **{"entries.jsonl": b"".join(changed)})
        with pytest.raises(DoesNotFit) as caught:
            verify.verify(bent, key=key)
        assert caught.value.where == where
    untouched = forged(record, services.record_key)  # the control: signing again alone fits
    assert verify.verify(untouched, key=key).number == case.number


async def test_t28_a_wholly_rewritten_record_shows_by_its_key(services, case, key):
    record = await exported(services, case)
    stranger = RecordKey(Ed25519PrivateKey.generate())
    bent = forged(record, stranger, **{"README.txt": b"all well"})
    with pytest.raises(DoesNotFit, match="another key"):
        verify.verify(bent, key=key)
    assert verify.verify(bent).key == stranger.public  # the control: only the key tells


async def test_personal_values_of_another_entry_do_not_fit(services, case, key):
    record = await exported(services, case)
    lines = [json.loads(x) for x in members(record)["personal.jsonl"].splitlines()]
    lines[-1]["personal"]["addresses"] = {}
    text = b"".join(json.dumps(x).encode() + b"\n" for x in lines)
    bent = forged(record, services.record_key, **{"personal.jsonl": text})
    with pytest.raises(DoesNotFit, match="does not belong to its entry"):
        verify.verify(bent, key=key)


async def test_record_verifies_after_personal_values_were_erased(services, case, key):
    async with services.uow.begin(SYSTEM) as tx:
        query = sa.update(TimelineEntry).where(TimelineEntry.kind == "session")
        await tx.connection.execute(query.values(personal=None))
    record = await exported(services, case)
    assert verify.verify(record, key=key).erased == 1
    assert ADDRESS.encode() not in record


@pytest.mark.parametrize(
    "data", [b"", b"PK\x03\x04", b"not a zip" * 100, pack({}), pack({"manifest.json": b"[]"})]
)
def test_what_is_no_record_is_said_to_be_none(data):
    with pytest.raises(DoesNotFit):
        verify.verify(data)


@pytest.mark.slow
async def test_clerk_takes_the_record_and_the_command_line_checks_it(
    services, client, case, key, tmp_path
):
    async with services.uow.begin(SYSTEM) as tx:
        unit = await tx.session.get_one(Unit, case.lead_unit_id)
    await enter(client, services, await add_staff(services, unit, Role.CLERK))
    answer = await client.get(f"/api/cases/{case.id}/export")
    assert answer.status == 200
    file = tmp_path / "record.zip"
    file.write_bytes(await answer.read())
    shown = await (await client.get(f"/api/cases/{case.id}")).json()
    assert shown["timeline"][-1]["kind"] == "exported"

    def check(*more: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "server", "admin", "case-verify", str(file), *more]
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)

    fits = check("--key", key)
    assert (fits.returncode, case.number in fits.stdout) == (0, True)
    altered = bytearray(file.read_bytes())
    altered[len(altered) // 2] ^= 1
    file.write_bytes(bytes(altered))
    assert check("--key", key).returncode == 1


def test_record_key_is_made_once_and_kept_private(tmp_path):
    first = load_record_key(tmp_path)
    assert load_record_key(tmp_path).public == first.public
    path = tmp_path / "record-ed25519.key"
    assert path.stat().st_mode & 0o777 == 0o600
    path.chmod(0o644)
    with pytest.raises(PermissionError):
        load_record_key(tmp_path)
