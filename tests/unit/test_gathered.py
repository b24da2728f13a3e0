"""Questions asked together: each gets its own answer, and none that is older than the question."""

import asyncio
from collections.abc import Collection

import pytest

from server.kernel.gathered import Gathered


class Oracle:
    """Answers when it is let; remembers what it was asked at once."""

    def __init__(self) -> None:
        self.asked: list[set[int]] = []
        self.time = 0
        self.began, self.open = asyncio.Event(), asyncio.Event()

    async def __call__(self, keys: Collection[int]) -> dict[int, tuple[int, int]]:
        self.asked.append(set(keys))
        read = self.time
        self.began.set()
        await self.open.wait()
        if 13 in keys:
            raise ValueError("unlucky")
        return {key: (key, read) for key in keys if key >= 0}


async def test_who_asks_meanwhile_is_answered_from_the_next_question() -> None:
    oracle = Oracle()
    gathered = Gathered(oracle)
    first = asyncio.create_task(gathered.get(1))
    await oracle.began.wait()
    oracle.time = 1  # the world moves on while the first question is under way
    later = [asyncio.create_task(gathered.get(key)) for key in (1, 2, 3, 1, -1)]
    await asyncio.sleep(0)
    oracle.open.set()
    assert await first == (1, 0)
    assert await asyncio.gather(*later) == [(1, 1), (2, 1), (3, 1), (1, 1), None]
    assert oracle.asked == [{1}, {1, 2, 3, -1}]


async def test_a_question_holds_no_more_than_the_most() -> None:
    oracle = Oracle()
    oracle.open.set()
    gathered = Gathered(oracle, most=2)
    assert len(await asyncio.gather(*(gathered.get(key) for key in range(5)))) == 5
    assert oracle.asked == [{0, 1}, {2, 3}, {4}]


async def test_one_who_leaves_takes_no_answer_from_the_others() -> None:
    oracle = Oracle()
    gathered = Gathered(oracle)
    leaves, stays = (asyncio.create_task(gathered.get(7)) for _ in range(2))
    await oracle.began.wait()
    leaves.cancel()
    oracle.open.set()
    assert await stays == (7, 0)
    with pytest.raises(asyncio.CancelledError):
        await leaves


async def test_what_goes_wrong_is_told_to_those_who_asked_then_and_to_nobody_later() -> None:
    oracle = Oracle()
    oracle.open.set()
    gathered = Gathered(oracle)
    wrong = await asyncio.gather(gathered.get(13), gathered.get(1), return_exceptions=True)
    assert [str(one) for one in wrong] == ["unlucky", "unlucky"]
    assert await gathered.get(1) == (1, 0)
