"""The demo district as a world to attack: one of everything, its owners, and strangers."""

from dataclasses import dataclass, replace
from datetime import date, time, timedelta
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa
from pydantic import TypeAdapter
from sqlalchemy.dialects.postgresql import Range

from recordings.tables import RecordingFile
from scheduling import codes, company, invitees
from scheduling.choices.tables import Asking, Choice, WaitlistEntry, Wish
from scheduling.draws.tables import Draw, DrawEntry, DrawKind, DrawState
from scheduling.invitees import NewInvitee
from scheduling.joint import booking as joint
from scheduling.joint.tables import JointInterview, JointSeat, JointState, SeatState
from scheduling.joint.wishes import Wishes
from scheduling.references import new_reference
from scheduling.rosters import drafts
from scheduling.rosters.period import Settings
from scheduling.rosters.tables import RosterShift
from scheduling.rosters.turns.lines import Method, Solved
from scheduling.rosters.turns.problem import Roster
from scheduling.tables import (
    Appointment,
    AppointmentState,
    AttendBy,
    CallTask,
    Claim,
    ClaimReason,
    Invitee,
    Mediation,
    SessionRole,
    Slot,
)
from server.bootstrap import Services
from server.cases import decisions, papers
from server.cases.tables import Case, Paper
from server.demo import moments, people, seed
from server.demo.people import People, Worker
from server.demo.today import DEMO_LEADER
from server.http.endpoints import Endpoint
from server.identity import sessions
from server.identity.permissions import POLICY
from server.identity.tables import Account, AccountKind, Membership, Service, WebSession
from server.kernel.actor import SYSTEM, ActorKind, Role
from server.kernel.uow import Tx
from server.units import seeding
from server.units.tables import Presence, Unit
from signaling import site
from signaling.tables import Alarm, LiveSession, Participant, ParticipantState, SessionState

REMOTE = "WXGX03"
"""A unit beside everything that the world's rows belong to."""

Who = ActorKind | Role
PLACES = (
    "appointment_id", "case_id", "day_id", "plan_id", "task_id", "decision_id", "paper_id",
    "alarm_id", "mediation_id", "session_id", "challenge_id", "slot_id",
    "invitee_id", "file_id", "interview_id", "seat_id", "shift_id", "leave_id",
    "wish_id", "entry_id", "choice_id", "draft_id", "account_id", "draw_id",
)  # fmt: skip
NOBODYS = {"year": "2027"}
"""Places that are no row of anybody's; what they lead to is cut to the asker by the rows themselves."""


@dataclass(frozen=True)
class Caller:
    """Somebody who sends requests: a cookie, or a personal link's token."""

    token: str | None = None
    link: str | None = None

    @property
    def headers(self) -> dict[str, str]:
        if self.link:
            return {"X-Invitation": self.link}
        return {"Cookie": f"yuntiao-session={self.token}"} if self.token else {}


@dataclass(frozen=True)
class World:
    services: Services
    people: People
    ids: dict[str, UUID]
    of_mediation: dict[str, UUID]
    special: dict[str, dict[str, UUID]]

    def ids_for(self, endpoint: Endpoint, who: Who) -> dict[str, str]:
        """A row of every kind whose owner is `who`'s owner; strangers ask for the same ones."""
        if unknown := set(endpoint.places) - {*PLACES, *NOBODYS}:
            raise LookupError(f"tests/security/world.py: say what a {unknown.pop()} is")
        ids = {**self.ids, **self.of_mediation} if who in MEDIATING else self.ids
        ids = {**ids, **self.special.get(f"{endpoint.method} {endpoint.path}", {})}
        return NOBODYS | {name: str(row_id) for name, row_id in ids.items()}

    def path(self, endpoint: Endpoint, who: Who) -> str:
        return endpoint.path.format(**self.ids_for(endpoint, who))

    async def owner(self, who: Who) -> Caller:
        """Whose rows the places are, as far as this kind of person has any."""
        if who is ActorKind.RESIDENT:
            return await self._signed_in(self.people.residents[0].id)
        if who is ActorKind.GUEST:
            return Caller(link=await self._link(self.ids["appointment_id"]))
        if who is ActorKind.ANYONE:
            return Caller()
        role = Role.CLERK if who is ActorKind.STAFF else Role(who)
        return await self._signed_in(self._worker(role))

    async def stranger(self, who: Who) -> Caller:
        """The same kind of person, with nothing to do with these rows."""
        if who is ActorKind.RESIDENT:
            return await self._signed_in(self.people.residents[7].id)
        if who is ActorKind.GUEST:
            return Caller(link=await self._link(self.of_mediation["appointment_id"]))
        return await self._signed_in(await self._newcomer(who))

    def _worker(self, role: Role) -> UUID:
        return self.people.worker(role, DEMO_LEADER if role is Role.LEADER else 1).id

    async def _newcomer(self, who: Who) -> UUID:
        async with self.services.uow.begin(SYSTEM) as tx:
            account = Account(id=uuid4(), kind=AccountKind.STAFF, login=uuid4().hex, name="far",
                              created_at=tx.now)  # fmt: skip
            tx.session.add(account)
            await tx.session.flush()
            unit = (await tx.session.scalars(sa.select(Unit).where(Unit.code == REMOTE))).one()
            role = Role.CLERK if who is ActorKind.STAFF else Role(who)
            tx.session.add(Membership(account_id=account.id, unit_id=unit.id, role=role))
        return account.id

    async def _signed_in(self, account_id: UUID) -> Caller:
        async with self.services.uow.begin(SYSTEM) as tx:
            account = await tx.session.get_one(Account, account_id)
            config = self.services.config.identity
            return Caller(token=(await sessions.sign_in(tx, account, config=config)).token)

    async def _link(self, appointment_id: UUID) -> str:
        async with self.services.uow.begin(SYSTEM) as tx:
            query = sa.select(Invitee).where(
                Invitee.appointment_id == appointment_id, Invitee.link.is_not(None)
            )
            found = (await tx.session.scalars(query)).first()
            return invitees.link_of(found, self.services.sealer)


SITE_ROUTES = (
    "POST /api/site/seats/{seat_id}/compared",
    "POST /api/site/seats/{seat_id}/wiping",
)
MEDIATING = frozenset({Role.MEDIATOR, Role.RECORDER})


async def build_world(services: Services) -> World:
    """Seed the district; add what a running one would have by now."""
    units = seeding.district()
    everybody = replace(people.people(units), password="a password")
    await seed.prepare(services, seed.District(units, everybody))
    async with services.uow.begin(SYSTEM) as tx:
        due = await _hosted(tx, everybody.worker(Role.LEADER, DEMO_LEADER).id)
        meeting = await _hosted(tx, everybody.worker(Role.MEDIATOR).id)
        ids = {
            "appointment_id": due.id,
            "case_id": due.case_id,
            "day_id": due.day_id,
            "plan_id": people.uuid5(seeding.NAMESPACE, f"plan:leader{DEMO_LEADER}"),
            "task_id": (await tx.session.scalars(sa.select(CallTask.id))).first(),
            "decision_id": await _decision(tx, services, due, unit_id=units[1].id),
            "paper_id": await _paper(tx, services, due.account_id, case_id=due.case_id),
            "alarm_id": await _alarm(tx, due),
            "mediation_id": (await tx.session.scalars(sa.select(Mediation.id))).first(),
            "session_id": await _sign_in(tx, services, everybody.residents[0].id),
            "slot_id": await _free_slot(tx, due),
            "invitee_id": await _helper(tx, services, due),
        }
        own = everybody.residents[0].id
        ids |= {
            "wish_id": (await tx.session.scalars(_first(Wish.id, Wish.account_id == own))).one(),
            "entry_id": (
                await tx.session.scalars(_first(WaitlistEntry.id, WaitlistEntry.account_id == own))
            ).one(),
            "person_id": (
                await tx.session.scalars(_first(Wish.person_id, Wish.account_id == own))
            ).one(),
            "choice_id": (
                await tx.session.scalars(_first(Choice.id, Choice.account_id == own))
            ).one(),
        }
        ids["file_id"] = await _recorded(tx, services, due)
        ids |= await _joint(tx, due, everybody)
        ids |= await _rostered(tx, everybody.worker(Role.HANDLER))
        ids |= await _drafted(tx, everybody)
        ids["draw_id"] = await _announced(tx, everybody, days=20)
        applied = await _applied(tx, ids["draw_id"], ids["wish_id"])
        special = {
            "POST /api/draws/{draw_id}/entries/{entry_id}/judgements": {"entry_id": applied},
            "POST /api/desk/draw-entries/{entry_id}/withdrawal": {
                "entry_id": await _applied(
                    tx, await _announced(tx, everybody, days=22), ids["wish_id"]
                )
            },
            "POST /api/my/cases/{case_id}/ratings": await _answered(tx, due.account_id),
            "DELETE /api/papers/{paper_id}": {
                "paper_id": await _paper(tx, services, due.account_id, case_id=None)
            },
            **dict.fromkeys(SITE_ROUTES, await _open_seat(tx, services, everybody)),
            **await _proposed(tx, everybody),
            "POST /api/draws/{draw_id}/cancellation": {
                "draw_id": await _announced(tx, everybody, days=21)
            },
        }
    mediation = {"appointment_id": meeting.id, "case_id": meeting.case_id}
    return World(services, everybody, ids, mediation, special)


def _first(column: Any, condition: sa.ColumnElement[bool]) -> sa.Select[UUID]:
    return sa.select(column).where(condition).limit(1)


async def _hosted(tx: Tx, host_id: UUID) -> Appointment:
    query = sa.select(Appointment).where(
        Appointment.host_id == host_id, Appointment.begins_at < tx.now + timedelta(hours=1)
    )
    return (await tx.session.scalars(query.order_by(Appointment.begins_at.desc()))).all()[-1]


async def _helper(tx: Tx, services: Services, due: Appointment) -> UUID:
    """Somebody whom the desk has asked in, and can leave out again."""
    who = NewInvitee(SessionRole.HELPER, "A helper", phone="13900000098")
    return (await company.invite(tx, services.sealer, due, who)).id


async def _recorded(tx: Tx, services: Services, due: Appointment) -> UUID:
    """A file of the session, with something in it."""
    query = sa.select(LiveSession).where(LiveSession.appointment_id == due.id)
    live = (await tx.session.scalars(query)).one()
    invitee = (
        await tx.session.scalars(sa.select(Invitee.id).where(Invitee.appointment_id == due.id))
    ).first()
    seat = Participant(
        id=uuid4(), session_id=live.id, invitee_id=invitee, role=SessionRole.PETITIONER,
        state=ParticipantState.LEFT,
    )  # fmt: skip
    tx.session.add(seat)
    await tx.session.flush()
    row = RecordingFile(
        id=uuid4(), session_id=live.id, participant_id=seat.id, number=1, file="one.webm",
        octets=3, sha256="", chain="", interrupted=False, began_at=tx.now, seconds=1.0,
    )  # fmt: skip
    tx.session.add(row)
    folder = services.tapes.folder_of(live.id)
    folder.mkdir(parents=True)
    (folder / row.file).write_bytes(b"abc")
    return row.id


async def _joint(tx: Tx, due: Appointment, everybody: People) -> dict[str, UUID]:
    """A joint interview on the matter, to which somebody is asked."""
    clerk, handler = everybody.worker(Role.CLERK), everybody.worker(Role.HANDLER)
    interview = JointInterview(
        id=uuid4(), case_id=due.case_id, unit_id=due.unit_id, state=JointState.BOOKED,
        wishes=Wishes(fixed=(handler.unit.id,)).plain(), opened_by=clerk.id, opened_at=tx.now,
        appointment_id=due.id,
    )  # fmt: skip
    tx.session.add(interview)
    await tx.session.flush()
    seat = JointSeat(
        id=uuid4(), interview_id=interview.id, appointment_id=due.id, unit_id=handler.unit.id,
        resource=uuid4(), presence=Presence.ON_CALL, state=SeatState.ASKED, asked_id=clerk.id,
    )  # fmt: skip
    tx.session.add(seat)
    await tx.session.flush()
    return {"interview_id": interview.id, "seat_id": seat.id}


async def _proposed(tx: Tx, everybody: People) -> dict[str, dict[str, UUID]]:
    """Times outside the arrangement, which a leader's office is asked about."""
    office, clerk = everybody.worker(Role.LEADER_OFFICE), everybody.worker(Role.CLERK)
    served = sa.select(Service.leader_id).where(Service.account_id == office.id).limit(1)
    leader_id = (await tx.session.scalars(served)).one()
    has_one = sa.exists().where(JointInterview.case_id == Case.id)
    cases = (await tx.session.scalars(sa.select(Case.id).where(~has_one).limit(2))).all()
    found = {}
    for case_id, answer in zip(cases, ("acceptance", "refusal"), strict=True):
        choice = joint.Choice(tx.now + timedelta(days=9), (clerk.unit.id,), leader_id=leader_id)
        interview = JointInterview(
            id=uuid4(), case_id=case_id, unit_id=clerk.unit.id, state=JointState.PROPOSED,
            wishes=Wishes(fixed=(clerk.unit.id,), leaders=(leader_id,)).plain(),
            opened_by=clerk.id, opened_at=tx.now, proposal=choice.plain(), awaits_office=True,
            due_at=tx.now + timedelta(days=2),
        )  # fmt: skip
        tx.session.add(interview)
        route = f"POST /api/joint-proposals/{{interview_id}}/{answer}"
        found[route] = {"interview_id": interview.id}
    await tx.session.flush()
    return found


async def _announced(tx: Tx, everybody: People, *, days: int) -> UUID:
    """A mediator's day whose places are drawn, open to whoever applies."""
    clerk, mediator = everybody.worker(Role.CLERK), everybody.worker(Role.MEDIATOR)
    draw = Draw(
        id=uuid4(), unit_id=clerk.unit.id, host_id=mediator.id, kind=DrawKind.MEDIATOR,
        state=DrawState.ANNOUNCED, title="a day", begins_at=tx.now + timedelta(days=days),
        minutes=30, places=2, opens_at=tx.now, closes_at=tx.now + timedelta(days=2),
        commitment="", seed=b"", announced_by=clerk.id, announced_at=tx.now,
    )  # fmt: skip
    tx.session.add(draw)
    await tx.session.flush()
    return draw.id


async def _applied(tx: Tx, draw_id: UUID, wish_id: UUID) -> UUID:
    """Who has a wish applies for it here, too."""
    wish = await tx.session.get_one(Wish, wish_id)
    asked = {name: getattr(wish, name) for name in Asking.__annotations__ if name != "ended_at"}
    asked["reference"] = new_reference()
    entry = DrawEntry(**asked, id=uuid4(), draw_id=draw_id, number=1, points={}, ended_at=None)
    tx.session.add(entry)
    await tx.session.flush()
    return entry.id


async def _rostered(tx: Tx, handler: Worker) -> dict[str, UUID]:
    """Somebody of a department is there on one day and away on another."""
    row = RosterShift(
        id=uuid4(), unit_id=handler.unit.id, day=date(2027, 1, 4), begins=time(9), ends=time(11),
        presence=Presence.ON_CALL,
    )  # fmt: skip
    away = Claim(
        id=uuid4(), resource=handler.id, reason=ClaimReason.LEAVE,
        during=Range(tx.now + timedelta(days=80), tx.now + timedelta(days=81)),
    )  # fmt: skip
    tx.session.add_all([row, away])
    await tx.session.flush()
    return {"shift_id": row.id, "leave_id": away.id}


async def _drafted(tx: Tx, everybody: People) -> dict[str, UUID]:
    """A draft of a department's roster, and one of its people."""
    handler = everybody.worker(Role.HANDLER)
    first = (tx.now + timedelta(days=3)).date()
    clerk = moments.as_staff(everybody.worker(Role.CLERK))
    wish = drafts.Wish([handler.unit.id], first, first, Method.GREEDY, Settings())
    row = await drafts.ask(moments.at(tx, tx.now, clerk), wish)
    row.solved = drafts.SOLVED.dump_json(Solved(Roster(), 0, 0, False, 0.0)).decode()
    await tx.session.flush()
    return {"draft_id": row.id, "account_id": handler.id}


async def _decision(tx: Tx, services: Services, due: Appointment, *, unit_id: UUID) -> UUID:
    made = await decisions.decide(
        tx, services.sealer, appointment_id=due.id, case_id=due.case_id, result="held",
        instruction=None, instruction_unit_id=unit_id, deadline=None, reply="a reply",
        release=False, decided_by=due.host_id, recorded_by=due.host_id,
    )  # fmt: skip
    return made.id


async def _answered(tx: Tx, account_id: UUID) -> dict[str, UUID]:
    """A matter of theirs that a leader received and answered."""
    query = sa.select(Appointment).where(
        Appointment.account_id == account_id, Appointment.state == AppointmentState.COMPLETED
    )
    held = (await tx.session.scalars(query)).one()
    return {"appointment_id": held.id, "case_id": held.case_id}


async def _open_seat(tx: Tx, services: Services, everybody: People) -> dict[str, UUID]:
    """Somebody sits at the village's device, let in by the village worker."""
    query = sa.select(Appointment).where(
        Appointment.attend_by == AttendBy.SITE, Appointment.state == AppointmentState.CONFIRMED
    )
    visit = (await tx.session.scalars(query)).one()
    seat = await invitees.petitioner(tx, visit.id)
    worker = moments.as_staff(everybody.worker(Role.VILLAGE_WORKER))
    await site.open_seat(
        moments.at(tx, tx.now, worker), services.sealer, codes.shown(seat, services.sealer),
        rules=services.config.scheduling,
    )  # fmt: skip
    return {"seat_id": seat.id}


async def _paper(tx: Tx, services: Services, account_id: UUID, *, case_id: UUID | None) -> UUID:
    address = await services.blobs.put(b"a paper")
    paper = Paper(id=uuid4(), case_id=case_id, account_id=account_id, size=7,
                  name=services.sealer.seal("paper.png", purpose=papers.PURPOSE), sha256=address,
                  media_type="image/png", added_at=tx.now)  # fmt: skip
    tx.session.add(paper)
    return paper.id


async def _alarm(tx: Tx, due: Appointment) -> UUID:
    live = LiveSession(id=uuid4(), appointment_id=due.id, kind=due.session_kind,
                       state=SessionState.OPEN, opened_at=tx.now, ends_at=due.ends_at)  # fmt: skip
    tx.session.add(live)
    await tx.session.flush()
    alarm = Alarm(id=uuid4(), session_id=live.id, raised_by=due.host_id, raised_at=tx.now)
    tx.session.add(alarm)
    return alarm.id


async def _sign_in(tx: Tx, services: Services, account_id: UUID) -> UUID:
    account = await tx.session.get_one(Account, account_id)
    opened = await sessions.sign_in(tx, account, config=services.config.identity)
    found = sa.select(WebSession.id).where(
        WebSession.token_hash == sessions.token_hash(opened.token)
    )
    return (await tx.session.scalars(found)).one()


async def _free_slot(tx: Tx, due: Appointment) -> UUID:
    query = sa.select(Slot.id).where(Slot.begins_at > tx.now + timedelta(days=3))
    return (await tx.session.scalars(query.order_by(Slot.begins_at, Slot.id))).first()


def allowed(endpoint: Endpoint) -> list[Who]:
    """Who may knock at this door."""
    return sorted(POLICY[endpoint.permission])


class Example:
    """A body that fits: from the schema, where a field's name says nothing better."""

    def __init__(self, world: World, endpoint: Endpoint, who: Who) -> None:
        today = world.services.clock.now().date()
        self._named: dict[str, Any] = {
            **world.ids_for(endpoint, who),
            "reason": "because it is a test", "right_route": "the other office, room 2",
            "phone": "13900000077", "email": "somebody@centre.example", "rrule": "FREQ=WEEKLY;BYDAY=TU", "action": "accept",
            "starts_on": str(today), "approved_on": str(today), "begins": "09:00:00",
            "ends": "11:00:00", "level": "seen", "result": "held", "code": "000000",
            "account_id": str(world.people.worker(Role.HANDLER).id),
            "leader_id": str(world.people.leaders[DEMO_LEADER - 1].worker.id),
            "other_id": str(world.ids["day_id"]) if "day_id" in world.ids else str(uuid4()),
            "name": "somebody", "id_number": world.people.residents[0].id_number,
        }  # fmt: skip

    def of(self, adapter: TypeAdapter[Any]) -> Any:
        schema = adapter.json_schema()
        return self._value(schema, schema.get("$defs", {}))

    def _value(self, schema: Any, definitions: dict[str, Any]) -> Any:
        match schema:
            case {"$ref": str(ref)}:
                return self._value(definitions[ref.rsplit("/", 1)[1]], definitions)
            case {"anyOf": [first, *_]} | {"oneOf": [first, *_]}:
                return self._value(first, definitions)
            case {"const": value} | {"enum": [value, *_]}:
                return value
            case {"type": "object"}:
                needed = schema.get("required", [])
                fields = schema.get("properties", {})
                return {n: self._field(n, fields[n], definitions) for n in needed}
            case _:
                return self._plain(schema, definitions)

    def _field(self, name: str, schema: Any, definitions: dict[str, Any]) -> Any:
        return self._named[name] if name in self._named else self._value(schema, definitions)

    def _plain(self, schema: Any, definitions: dict[str, Any]) -> Any:
        kind, form = schema.get("type"), schema.get("format")
        plain = {"boolean": False, "null": None, "number": schema.get("minimum", 1)}
        if kind == "integer":
            return schema.get("minimum", schema.get("exclusiveMinimum", 0) + 1)
        if kind == "array":
            count = schema.get("minItems", 0)
            return [self._value(schema["items"], definitions) for _ in range(count)]
        if kind == "string":
            formed = {"uuid": str(uuid4()), "date": "2026-12-01", "time": "10:00:00",
                      "date-time": "2026-12-01T02:00:00Z"}  # fmt: skip
            return formed.get(form) or "words ".ljust(schema.get("minLength", 1), "x")
        return plain[kind]
