"""The yardstick: a bare aiohttp handler over asyncpg that writes the same rows under the same locks.

It checks nothing, seals nothing and knows no rule: what it costs is the least that aiohttp and
PostgreSQL cost. Rows that ours writes are written by it too, with constants for sealed values.
"""

import json
import secrets
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from uuid import UUID, uuid4

import asyncpg
from aiohttp import web
from asyncpg import Connection

from tests.bench import bare_joint

POOL = web.AppKey("pool", asyncpg.Pool)
SEALED = bytes(45)
SESSION = """SELECT s.id, s.account_id, a.kind FROM web_session s JOIN account a ON a.id = s.account_id
             WHERE s.token_hash = $1 AND s.revoked_at IS NULL AND s.expires_at > $2"""
AUDIT = """INSERT INTO audit_line (at, actor_kind, actor_id, action, subject_kind, subject_id, facts)
           VALUES ($1, 'resident', $2, $3, 'appointment', $4, '{}')"""


async def serve(app: web.Application, url: str, *, pool: int) -> None:
    """`url` as asyncpg takes it."""

    async def connect(app: web.Application):
        app[POOL] = await asyncpg.create_pool(url, min_size=pool, max_size=pool)
        yield
        await app[POOL].close()

    app.cleanup_ctx.append(connect)
    app.router.add_post("/api/holds", hold)
    app.router.add_post("/api/appointments", submit)
    app.router.add_post("/api/joint-interviews/{interview_id}/booking", book_joint)


async def hold(request: web.Request) -> web.Response:
    body = await request.json()
    now = datetime.now(UTC)
    async with request.app[POOL].acquire() as db:
        account_id = await _account(db, request, now)
        async with db.transaction():
            answer = await _hold(db, UUID(body["slot_id"]), account_id, now)
    return web.json_response(answer, status=200 if "appointment_id" in answer else 409)


async def submit(request: web.Request) -> web.Response:
    body = await request.json()
    now = datetime.now(UTC)
    async with request.app[POOL].acquire() as db:
        account_id = await _account(db, request, now)
        async with db.transaction():
            await _submit(db, body, account_id, now)
    return web.json_response({"id": body["appointment_id"], "state": "submitted"})


async def book_joint(request: web.Request) -> web.Response:
    choice, interview_id = await request.json(), UUID(request.match_info["interview_id"])
    async with request.app[POOL].acquire() as db:
        clerk = await _account(db, request, datetime.now(UTC))
        work = db.transaction()
        await work.start()
        answer = await bare_joint.book(db, interview_id, choice, clerk)
        await (work.commit() if "id" in answer else work.rollback())
    return web.json_response(answer, status=200 if "id" in answer else 409)


async def _account(db: Connection, request: web.Request, now: datetime) -> UUID:
    token = request.cookies["yuntiao-session"]
    row = await db.fetchrow(SESSION, sha256(token.encode()).digest(), now)
    return row["account_id"]


async def _hold(db: Connection, slot_id: UUID, account_id: UUID, now: datetime) -> dict:
    slot = await db.fetchrow(
        """SELECT s.*, d.leader_id, d.unit_id FROM slot s JOIN reception_day d ON d.id = s.day_id
           WHERE s.id = $1""",
        slot_id,
    )
    await bare_joint.lock(db, account_id, slot["resource"])
    during = asyncpg.Range(slot["begins_at"], slot["ends_at"])
    await db.execute(
        "DELETE FROM claim WHERE resource = $1 AND during && $2 AND expires_at <= $3",
        slot["resource"], during, now,
    )  # fmt: skip
    appointment_id, until = uuid4(), now + timedelta(minutes=10)
    made = await db.execute(
        """INSERT INTO claim (resource, during, reason, appointment_id, expires_at)
           VALUES ($1, $2, 'hold', $3, $4) ON CONFLICT DO NOTHING""",
        slot["resource"], during, appointment_id, until,
    )  # fmt: skip
    if made != "INSERT 0 1":
        return {"code": "taken"}
    await db.execute(
        """INSERT INTO appointment (id, version, reference, session_kind, state, day_id, slot_id,
               host_id, unit_id, account_id, booked_by, begins_at, ends_at, attend_by, needs, uid,
               sequence, held_until, hold_extended, code_tries_left, created_at)
           VALUES ($1, 1, $2, 'reception', 'on_hold', $3, $4, $5, $6, $7, $7, $8, $9,
                   'own_device', '{}', $10, 0, $11, false, 5, $12)""",
        appointment_id, str(10**11 + secrets.randbelow(9 * 10**11)), slot["day_id"], slot_id,
        slot["leader_id"], slot["unit_id"], account_id, slot["begins_at"], slot["ends_at"],
        f"{appointment_id}@yuntiao", until, now,
    )  # fmt: skip
    await db.execute(AUDIT, now, account_id, "hold", str(appointment_id))
    return {"appointment_id": str(appointment_id), "expires_at": until.isoformat()}


async def _submit(db: Connection, body: dict, account_id: UUID, now: datetime) -> None:
    appointment_id, person_id = UUID(body["appointment_id"]), UUID(body["person_id"])
    await bare_joint.lock(db, account_id, person_id)
    held = await db.fetchrow("SELECT * FROM appointment WHERE id = $1", appointment_id)
    await db.execute(
        "UPDATE claim SET reason = 'booking', expires_at = NULL WHERE appointment_id = $1",
        appointment_id,
    )
    await db.execute(
        """INSERT INTO claim (resource, during, reason, appointment_id)
           VALUES ($1, $2, 'booking', $3) ON CONFLICT DO NOTHING""",
        person_id, asyncpg.Range(held["begins_at"], held["ends_at"]), appointment_id,
    )  # fmt: skip
    for role, account in (("host", held["host_id"]), ("petitioner", None)):
        await db.execute(
            """INSERT INTO invitee (id, version, appointment_id, role, account_id, person_id, name,
                                    phone, language)
               VALUES ($1, 1, $2, $3, $4, $5, $6, $6, 'zh-CN')""",
            uuid4(), appointment_id, role, account, None if account else person_id, SEALED,
        )  # fmt: skip
    case_id = await _case(db, held["unit_id"], person_id, account_id, now)
    await db.execute(
        """UPDATE appointment SET state = 'submitted', version = 2, person_id = $2, case_id = $3,
                  held_until = NULL, review_due_at = $4 WHERE id = $1""",
        appointment_id, person_id, case_id, now,
    )  # fmt: skip
    await db.execute(
        "INSERT INTO replay VALUES ($1, $2, 'appointment.submit', $3, $4)",
        account_id, uuid4().hex, appointment_id, now,
    )  # fmt: skip
    await db.execute(AUDIT, now, account_id, "register", str(case_id))
    await db.execute(AUDIT, now, account_id, "submit", str(appointment_id))
    await db.execute(
        "INSERT INTO task (kind, key, due_at, payload) VALUES ('bench.none', $1, $2, $3)",
        f"event:{uuid4()}", now, json.dumps({"appointment_id": str(appointment_id)}),
    )  # fmt: skip


async def _case(
    db: Connection, unit_id: UUID, person_id: UUID, account_id: UUID, now: datetime
) -> UUID:
    case_id = uuid4()
    last = await db.fetchval(
        """INSERT INTO case_number VALUES ('ZX', $1, 1)
           ON CONFLICT (unit_code, year) DO UPDATE SET last = case_number.last + 1 RETURNING last""",
        now.year,
    )
    await db.execute(
        """INSERT INTO case_file (id, version, number, kind, state, level, sentence, people, channel,
                                  first_receiver_id, lead_unit_id, opened_by, registered_at)
           VALUES ($1, 1, $2, 'petition', 'registered', 'window', $3, 1, 'online', $4, $4, $5, $6)""",
        case_id, f"ZX-{now.year}-{last:06d}", SEALED, unit_id, account_id, now,
    )  # fmt: skip
    await db.execute(
        """INSERT INTO party (id, case_id, role, person_id, name, name_index, phone, position)
           VALUES ($1, $2, 'petitioner', $3, $4, $4, $4, 0)""",
        uuid4(), case_id, person_id, SEALED,
    )  # fmt: skip
    await db.execute(
        """INSERT INTO timeline_entry (id, case_id, position, key, at, kind, for_resident, actor_id,
                                       facts, previous, hash)
           VALUES ($1, $2, 1, $3, $4, 'registered', true, $5, '{}', $6, $6)""",
        uuid4(), case_id, f"case:{case_id}:registered", now, account_id, "0" * 64,
    )  # fmt: skip
    for kind in ("register_and_forward", "tell_acceptance", "first_feedback"):
        await db.execute(
            """INSERT INTO case_clock (id, case_id, kind, source, started_at, due_at)
               VALUES ($1, $2, $3, 'promise', $4, $4)""",
            uuid4(), case_id, kind, now,
        )  # fmt: skip
    return case_id
