"""T11: nobody joins a session that is not theirs, and nobody speaks as somebody else."""

from uuid import uuid4

import pytest

from scheduling.tables import SessionRole
from server.kernel.actor import Role
from signaling.rights import ALLOWED
from tests.hall import add_session
from tests.reception import add_centre
from tests.sockets import RefusedError, Seat

STAFF = [Role.LEADER, Role.MEDIATOR, Role.HANDLER, Role.RECORDER, Role.VILLAGE_WORKER,
         Role.OPERATOR, Role.SUPERVISOR, Role.DUTY_OFFICER, Role.AUDITOR]  # fmt: skip


@pytest.mark.parametrize("role", STAFF)
async def test_t11_role_alone_opens_no_session(hall, role):
    """An invitation, the host's own name, serving the host, or the desk of the unit does."""
    stranger = await hall.staff(await hall.clerk(role, login="stranger"))
    for ask in (stranger.ticket, lambda: stranger.get(f"/api/live/{hall.appointment.id}")):
        with pytest.raises(RefusedError, match="not_found"):
            await ask()


async def test_t11_control_those_with_a_right_get_a_ticket(hall):
    for account in (hall.leader.account, await hall.operator(), await hall.clerk()):
        assert await (await hall.staff(account)).ticket()


async def test_t11_desk_of_another_centre_opens_no_session(hall):
    here, hall.unit = hall.unit, await add_centre(hall.services, "YY")
    stranger = await hall.staff(await hall.clerk())
    hall.unit = here
    with pytest.raises(RefusedError, match="not_found"):
        await stranger.ticket()


async def test_t11_guests_ticket_is_for_their_own_session_whatever_they_ask(hall):
    other, _ = await add_session(hall.services, hall.leader)
    wang = hall.guest("Wang")
    wang.appointment_id = other.id
    with pytest.raises(RefusedError, match="not_found"):
        await wang.ticket()
    wang.appointment_id = uuid4()
    with pytest.raises(RefusedError, match="not_found"):
        await wang.ticket()
    wang.appointment_id = hall.appointment.id
    assert await wang.ticket()


async def test_t11_forged_sender_is_refused_and_never_delivered(table):
    host = await table.host()
    wang, li = await table.inside("Wang", host), await table.inside("Li", host)
    mark = host.mark
    for forged in ({"from": li.id}, {"participant_id": li.id}, {"actor": li.id}):
        with pytest.raises(RefusedError, match="malformed_message"):
            await wang.send("hand", up=True, **forged)
    assert host.facts("person.hand", since=mark) == []
    await wang.send("hand", up=True)  # the control: without it, as oneself
    told = await host.wait_for("person.hand", since=mark)
    assert told["participant_id"] == wang.id


async def test_t11_foreign_ids_reach_nobody(hall):
    """A host of one session has no hands in another."""
    other, _ = await add_session(hall.services, hall.leader)
    await hall.invite("Chen", SessionRole.PETITIONER, appointment=other)
    chen, host = await hall.waiting("Chen"), await hall.host()
    await host.send("session.start")
    for kind, more in (
        ("admit", {"because": "known"}), ("mute", {"on": True}), ("dismiss", {"because": "go"}),
        ("floor", {"on": True}),
    ):  # fmt: skip
        with pytest.raises(RefusedError, match="not_found"):
            await host.send(kind, participant_id=chen.id, **more)
    with pytest.raises(RefusedError, match="not_found"):
        await host.send("caucus.close", room_id=chen.room["id"])
    assert chen.facts("room.changed") == []


FIELDS = {
    "media.publish": {"sdp": "v=0"}, "media.answer": {"revision": 1, "sdp": "v=0"},
    "media.restart": {"leg": "receiving"}, "media.relay": {}, "media.view": {"views": {}}, "say.mute": {"audio": True, "video": True},
    "hand": {"up": True}, "session.extend": {"minutes": 10}, "session.close": {"result": "held"},
    "let_in": {"role": "applicant", "on": True}, "admit": {"participant_id": str(uuid4())},
    "dismiss": {"participant_id": str(uuid4()), "because": "go"},
    "mute": {"participant_id": str(uuid4()), "on": True},
    "floor": {"participant_id": str(uuid4()), "on": True},
    "share.stop": {"participant_id": str(uuid4())},
    "share.let": {"participant_id": str(uuid4()), "on": True},
    "caucus.invite": {"participant_id": str(uuid4()), "room_id": str(uuid4())},
    "caucus.answer": {"accept": True}, "caucus.enter": {"room_id": str(uuid4())},
    "caucus.close": {"room_id": str(uuid4())}, "door.open": {"participant_id": str(uuid4())},
    "door.close": {"compared": True},
}  # fmt: skip
NO_RIGHT = {"only_the_host", "only_the_door", "only_staff", "not_admitted", "no_invitation",
            "not_in_private_room", "not_at_the_door", "may_not_share", "nobody_shares"}  # fmt: skip
MAY = {
    "testing": {"say.mute", "beat"},
    "waiting": {"say.mute", "beat"},
    "inside": {
        "say.mute",
        "beat",
        "hand",
        "media.publish",
        "media.answer",
        "media.restart",
        "media.relay",
        "media.view",
    },
}


@pytest.mark.parametrize("where", MAY)
async def test_t11_guest_may_do_little_and_less_outside(hall, where):
    """Every message there is, from every place a guest can be in."""
    if where == "testing":
        wang = await hall.guest("Wang").connect()
    elif where == "waiting":
        wang = await hall.waiting("Wang")
    else:
        wang = await hall.inside("Wang", await hall.host())
    answers = {kind: await answer_to(wang, kind) for kind in sorted(ALLOWED.keys() - {"leave"})}
    assert {kind for kind, code in answers.items() if code == "done"} == MAY[where]
    assert set(answers.values()) <= NO_RIGHT | {"done"}


async def answer_to(seat: Seat, kind: str) -> str:
    try:
        await seat.send(kind, **FIELDS.get(kind, {}))
    except RefusedError as refused:
        return refused.code
    return "done"
