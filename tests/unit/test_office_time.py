"""Office time: counted minute by minute by a slow model, and a window that leaves time to answer."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from scheduling.choices import waiting
from scheduling.review_time import office_due, office_moment
from server.units.calendar import WorkingCalendar, announced
from tests.reception import at

moments = st.integers(0, 363 * 144).map(
    lambda n: at("2026-01-01T00:00:00") + timedelta(minutes=10 * n)
)
lengths = st.timedeltas(timedelta(minutes=10), timedelta(days=2))


@given(moments, lengths)
def test_office_time_is_counted_minute_by_minute_as_a_slow_model_does(since, lasting):
    calendar = announced()
    lasting = timedelta(minutes=lasting // timedelta(minutes=10) * 10)
    at_, left = office_moment(since, calendar=calendar), lasting
    while left > timedelta():
        assert office_moment(at_, calendar=calendar) == at_
        at_, left = at_ + timedelta(minutes=10), left - timedelta(minutes=10)
        if left > timedelta():
            at_ = office_moment(at_, calendar=calendar)
    assert office_due(since, lasting, calendar=calendar) == at_


@given(moments, lengths, st.timedeltas(timedelta(minutes=1), timedelta(days=9)))
def test_window_leaves_time_to_answer_and_to_get_ready(now, lasting, ahead):
    found = waiting.window(now, now + ahead, lasting=lasting, calendar=WorkingCalendar())
    if found is not None:
        assert now <= found.tell_at <= found.due_at - timedelta(minutes=10)
        assert found.due_at <= now + ahead - waiting.NOTICE
