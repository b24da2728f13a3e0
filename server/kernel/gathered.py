"""Questions of many at one moment, asked of the database as one."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Hashable, Mapping
from itertools import islice
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Gathered(Generic[K, V]):
    """Whoever asks while a question is under way waits for the next, which is asked for all of them.

    So nobody is told what was read before they asked, one who asks alone waits for nobody, and of
    a crowd a thousand cost as much as a few.
    """

    def __init__(
        self, ask: Callable[[Collection[K]], Awaitable[Mapping[K, V]]], *, most: int = 500
    ) -> None:
        """`most`: so many keys go into one question."""
        self._ask, self._most = ask, most
        self._waiting: dict[K, asyncio.Future[V | None]] = {}
        self._asking: asyncio.Task[None] | None = None

    async def get(self, key: K) -> V | None:
        """What is known of `key`, None where nothing is. Raises what the question raised."""
        answer = self._waiting.get(key)
        if answer is None:
            answer = self._waiting[key] = asyncio.get_running_loop().create_future()
        if self._asking is None:
            self._asking = asyncio.create_task(self._work())
        return await asyncio.shield(answer)  # one who goes away takes no answer from the others

    async def _work(self) -> None:
        try:
            while self._waiting:
                asked = dict(islice(self._waiting.items(), self._most))
                for key in asked:
                    del self._waiting[key]
                await self._answer(asked)
        finally:
            self._asking = None
            for left in self._waiting.values():
                left.cancel()
            self._waiting.clear()

    async def _answer(self, asked: Mapping[K, asyncio.Future[V | None]]) -> None:
        try:
            answers = await self._ask(asked.keys())
        except Exception as error:  # noqa: BLE001  (theirs who asked, not ours)
            for answer in asked.values():
                answer.set_exception(error)
                answer.exception()  # seen, also where nobody waits any more
        except asyncio.CancelledError:
            for answer in asked.values():
                answer.cancel()
            raise
        else:
            for key, answer in asked.items():
                answer.set_result(answers.get(key))
