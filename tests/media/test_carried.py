"""What a worker says that it carries."""

from signaling.engine import Carried, RoomId
from tests.media.attack import strangers
from tests.media.conftest import hears, until
from tests.media.fuzzing import Bench, Door

MAIN = RoomId("main")


async def test_a_worker_counts_people_rooms_packets_and_what_it_dropped(stage):
    b = await stage.enter("b", MAIN)
    await stage.enter("a", MAIN)
    await until(hears(b, "a", packets=100))
    with strangers(1) as crowd:
        for _ in range(50):
            crowd.send(("127.0.0.1", stage.engine.port), b"\x80" * 20)
    await until(hears(b, "a", packets=100))
    (one,) = await stage.engine.carried()
    assert (one.engine, one.is_up, one.rooms, one.members) == ("worker", True, 1, 2)
    assert min(one.packets_in, one.packets_out) > 50
    assert dict(one.dropped)["stranger"] == 50


async def test_a_worker_that_is_gone_is_told_as_down(stage):
    await stage.engine.stop()
    assert await stage.engine.carried() == (Carried("worker", is_up=False),)


def test_packets_that_could_not_be_sent_are_counted_once():
    bench = Bench()
    try:
        assert bench.carried().packets_failed == 0
        for packet in (b"short", b"too short"):
            bench.link(Door.RECEIVING).road.transmit(packet)
        assert [bench.carried().packets_failed for _ in range(2)] == [2, 2]
    finally:
        bench.close()
