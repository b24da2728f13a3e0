"""The whole journey in one district: from the first call to the file that verifies.

Residents are at 390 px, staff at 1440 px, a department's handler and a party of the mediation in
Firefox; never more than four browsers are open, further people are callers without one. The clock
is moved, nothing sleeps; what is sent goes through a real SMTP dialogue and the demo's SMS gateway.
"""

import pytest

from scheduling.tables import Appointment, ReceptionDay
from tests.browser.legs import archive, booking, call_me, line, mediation, meeting, seat
from tests.browser.legs.matter import appointment_by
from tests.browser.people import Resident, Staff
from tests.browser.stage import Stage

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browsers"), pytest.mark.timeout(1200)]


async def test_the_whole_journey(stage: Stage) -> None:
    async with stage.evidence():
        clerk = await stage.desk("clerk")
        await call_me.is_called_booked_and_cancels(stage, clerk)
        resident, leader = await stage.resident(), await stage.desk("leader")
        appointment = await books(resident, clerk, leader)
        received = await meeting.gather(stage, appointment, resident, clerk, leader)
        await is_received(received)
        await line_goes_on(received)
        await stage.goes(leader)
        await mediation.from_asking_to_the_end(stage)
        await archive.reply_is_read_and_rated(resident)
        await archive.case_keeps_the_session(clerk, handler=received.handler_name)


async def books(resident: Resident, clerk: Staff, leader: Staff) -> Appointment:
    """From the published day to an appointment that stands, with others before and after it."""
    day: ReceptionDay = await booking.clerk_publishes_a_day(clerk)
    await booking.slots_appear_at_their_hour(resident, day)
    booked = await booking.resident_books(resident, day)
    await booking.clerk_confirms(clerk, booked)
    entry = await booking.resident_gets_link_and_entry(resident, day)
    await booking.resident_moves(resident, day, entry, booked.slot)
    await line.others_book_after(resident.district, booked)
    await meeting.clerk_invites(clerk, booked)
    appointment = await appointment_by(resident.district, booked.reference)
    await booking.reminders_go_out(resident, appointment)
    await booking.leader_has_the_brief_the_evening_before(leader, day)
    await booking.last_reminder_goes_out(resident, appointment)
    return appointment


async def is_received(received: meeting.Meeting) -> None:
    await meeting.resident_waits(received)
    await meeting.clerk_compares_the_card(received)
    await meeting.leader_admits(received)
    await meeting.all_see_and_hear_each_other(received)
    await meeting.resident_is_muted_and_back(received)
    await meeting.who_waits_hears_nothing(received)
    await meeting.leader_raises_the_alarm(received, received.clerk)
    await meeting.leader_closes(received)


async def line_goes_on(received: meeting.Meeting) -> None:
    """The next one is let in by the operator, the last one sits at a staffed point."""
    stage = received.stage
    await stage.goes(received.handler)
    await line.operator_lets_the_next_in(received)
    await line.leader_ends_without_an_instruction(received.leader)
    await seat.is_received_at_a_staffed_point(received)
