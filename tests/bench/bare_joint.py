"""The yardstick of joint bookings: the same rows under the same locks, and nothing looked at."""

import json
import secrets
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import asyncpg
from asyncpg import Connection

from scheduling.mediation.times import main_room
from scheduling.rosters.presence import Pool, seat

SEALED = bytes(45)
KNOWN = """SELECT i.wishes, i.unit_id, i.case_id, p.person_id FROM joint_interview i
           JOIN party p ON p.case_id = i.case_id WHERE i.id = $1"""
THERE = """SELECT s.unit_id, s.account_id FROM roster_shift s
           WHERE s.unit_id = ANY($1) AND s.day = ($2::timestamptz AT TIME ZONE 'Asia/Shanghai')::date"""


async def book(db: Connection, interview_id: UUID, choice: dict, clerk: UUID) -> dict:
    """In the caller's transaction, which is to be undone when the answer is `taken`."""
    now, begins_at = datetime.now(UTC), datetime.fromisoformat(choice["begins_at"])
    known = await db.fetchrow(KNOWN, interview_id)
    ends_at = begins_at + timedelta(minutes=json.loads(known["wishes"])["minutes"])
    there = await db.fetch(THERE, [UUID(one) for one in choice["units"]], begins_at)
    leader, room = UUID(choice["leader_id"]), main_room(UUID(choice["room_unit_id"]))
    handlers = [row["account_id"] for row in there]
    claimed = [leader, room, known["person_id"], *handlers]
    seats = [seat(row["unit_id"], pool, 0) for row in there for pool in Pool]
    await lock(db, clerk, interview_id, *claimed, *seats)
    appointment_id = uuid4()
    made = await db.execute(
        """INSERT INTO claim (resource, during, reason, appointment_id)
           SELECT r, $2, 'booking', $3 FROM unnest($1::uuid[]) r ON CONFLICT DO NOTHING""",
        claimed, asyncpg.Range(begins_at, ends_at), appointment_id,
    )  # fmt: skip
    if made != f"INSERT 0 {len(claimed)}":
        return {"code": "taken"}
    await _appointment(db, appointment_id, known, leader, clerk, begins_at, ends_at, now)
    for row in there:
        await db.execute(
            """INSERT INTO joint_seat (id, version, interview_id, appointment_id, unit_id, resource,
                   presence, optional, state, account_id, refused)
               VALUES ($1, 1, $2, $3, $4, $5, 'rotating', false, 'present', $5, '{}')""",
            uuid4(), interview_id, appointment_id, row["unit_id"], row["account_id"],
        )  # fmt: skip
    await _invite(db, appointment_id, leader, handlers, known["person_id"])
    await db.execute(
        """UPDATE joint_interview SET state = 'booked', version = version + 1, appointment_id = $2,
                  room_unit_id = $3 WHERE id = $1""",
        interview_id, appointment_id, UUID(choice["room_unit_id"]),
    )  # fmt: skip
    await _told(db, appointment_id, interview_id, clerk, now)
    return {"id": str(interview_id), "state": "booked"}


async def lock(db: Connection, *resources: UUID) -> None:
    keys = sorted({int.from_bytes(one.bytes[:8], "big", signed=True) for one in resources})
    await db.execute("SELECT pg_advisory_xact_lock(k) FROM unnest($1::bigint[]) k", keys)


async def _appointment(
    db: Connection, appointment_id: UUID, known: asyncpg.Record, leader: UUID, clerk: UUID,
    begins_at: datetime, ends_at: datetime, now: datetime,
) -> None:  # fmt: skip
    await db.execute(
        """INSERT INTO appointment (id, version, reference, session_kind, state, case_id, host_id,
               unit_id, person_id, booked_by, begins_at, ends_at, attend_by, needs, uid, sequence,
               hold_extended, created_at)
           VALUES ($1, 1, $2, 'joint_interview', 'confirmed', $3, $4, $5, $6, $7, $8, $9,
                   'centre', '{}', $10, 0, false, $11)""",
        appointment_id, str(10**11 + secrets.randbelow(9 * 10**11)), known["case_id"], leader,
        known["unit_id"], known["person_id"], clerk, begins_at, ends_at,
        f"{appointment_id}@yuntiao", now,
    )  # fmt: skip


async def _invite(
    db: Connection, appointment_id: UUID, leader: UUID, handlers: list[UUID], person: UUID
) -> None:
    people = [("host", leader), *(("handler", one) for one in handlers), ("petitioner", None)]
    for role, account in people:
        await db.execute(
            """INSERT INTO invitee (id, version, appointment_id, role, account_id, person_id, name,
                                    language, token_hash, code, code_shown)
               VALUES ($1, 1, $2, $3, $4, $5, $6, 'zh-CN', $7, $8, $9)""",
            uuid4(), appointment_id, role, account, None if account else person, SEALED,
            None if account else secrets.token_bytes(32),
            None if account else secrets.token_bytes(32), None if account else SEALED,
        )  # fmt: skip


async def _told(
    db: Connection, appointment_id: UUID, interview_id: UUID, clerk: UUID, now: datetime
) -> None:
    for action, kind, subject in (
        ("book", "joint_interview", interview_id), ("confirm", "appointment", appointment_id)
    ):  # fmt: skip
        await db.execute(
            """INSERT INTO audit_line (at, actor_kind, actor_id, action, subject_kind, subject_id,
                   facts) VALUES ($1, 'staff', $2, $3, $4, $5, '{}')""",
            now, clerk, action, kind, str(subject),
        )  # fmt: skip
    for kind in ("watch", "journal", "notice", "24h", "1h"):
        await db.execute(
            "INSERT INTO task (kind, key, due_at, payload) VALUES ('bench.none', $1, $2, $3)",
            f"{kind}:{appointment_id}", now, json.dumps({"appointment_id": str(appointment_id)}),
        )  # fmt: skip
    await db.execute(
        "INSERT INTO replay VALUES ($1, $2, 'joint.book', $3, $4)",
        clerk, uuid4().hex, interview_id, now,
    )  # fmt: skip
