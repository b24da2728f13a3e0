"""Doing something to see what it leads to, and keeping nothing of it."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from server.http.context import Context
from server.kernel.uow import Tx

T = TypeVar("T")


class _Rehearsed(Exception):
    """It went well, and is not to be kept."""


async def rehearsed(ctx: Context, act: Callable[[Tx], Awaitable[T]]) -> T:
    """What it answers; whatever it does is undone. It is refused as it would be in earnest."""
    found: list[T] = []
    try:
        async with ctx.services.uow.begin(ctx.actor) as tx:
            found.append(await act(tx))
            await tx.driver()  # what the session holds back is tried too
            raise _Rehearsed
    except _Rehearsed:
        return found[0]
