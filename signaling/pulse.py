"""What time does to live sessions: silence, invitations that run out, the end that comes near."""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from functools import partial
from uuid import UUID

from server.kernel.errors import DomainError
from signaling import happenings as h
from signaling.desk import Desk
from signaling.live import Live
from signaling.protocol import Close
from signaling.states import OVER

log = logging.getLogger("yuntiao.live")
PATIENCE = 10.0
STILL = 1.0
"""Seconds that a pulse is late by when this process stood still."""


async def beat(desk: Desk) -> None:
    """Look at every session, again and again; one that hangs does not hold up the others."""
    next_places = 0.0
    looks = _Looks()
    try:
        while not desk.is_draining:
            due = desk.monotonic() + desk.pace.pulse
            await asyncio.sleep(desk.pace.pulse)
            _forgive(desk, desk.monotonic() - due)
            for live in list(desk.lives.values()):
                looks.take(live.session.id, partial(_look_after, desk, live))
            if desk.monotonic() >= next_places:
                next_places = desk.monotonic() + desk.pace.places_every
                looks.take(None, partial(_tell_places, desk))
        await looks.finish()
    finally:
        await looks.stop()


class _Looks:
    """One at a time at each session; whose last one still goes on waits for the next pulse."""

    def __init__(self) -> None:
        self._running: dict[UUID | None, asyncio.Task[None]] = {}

    def take(self, at: UUID | None, look: Callable[[], Coroutine[None, None, None]]) -> None:
        if at not in self._running:
            task = self._running[at] = asyncio.create_task(look())
            task.add_done_callback(lambda _: self._running.pop(at))

    async def finish(self) -> None:
        await asyncio.gather(*self._running.values(), return_exceptions=True)

    async def stop(self) -> None:
        for task in self._running.values():
            task.cancel()
        await self.finish()


def _forgive(desk: Desk, late: float) -> None:
    """While this process stood still it heard nobody: that is no silence of theirs."""
    if late < STILL:
        return
    for live in desk.lives.values():
        for line in live.lines.values():
            line.heard_at = min(line.heard_at + late, desk.monotonic())


async def _look_after(desk: Desk, live: Live) -> None:
    if desk.is_draining:
        return
    try:
        async with asyncio.timeout(PATIENCE):
            await _find_lost(desk, live)
            await desk.follow(live, h.Ticked())
            for seat_id in list(live.lines):
                await desk.judge(live, seat_id)
            await _drop_stale_media(desk, live)
    except DomainError as error:
        log.warning("session %s: %s", live.session.id, error.code)
    except Exception:
        log.exception("session %s", live.session.id)
    _forget_if_over(desk, live)


async def _find_lost(desk: Desk, live: Live) -> None:
    """A seat is lost when its socket is gone for a moment, or silent for too long."""
    now, pace = desk.monotonic(), desk.pace
    for seat in list(live.session.seats.values()):
        line = live.lines.get(seat.id)
        if line is None:
            since = live.noticed_at.get(seat.id, live.loaded_at)
            is_lost = live.counts_as_here(seat) and now - since > pace.silent_after
        else:
            since = line.heard_at
            is_gone = line.gone_at is not None and now - line.gone_at > pace.gone_after
            is_lost = is_gone or now - since > pace.silent_after
            if is_gone or now - since > pace.cut_after:
                live.lines.pop(seat.id)
                line.peer.close(Close.SLOW)
        if is_lost and live.counts_as_here(seat):
            live.noticed_at[seat.id] = now
            await desk.follow(live, h.Lost(seat.id, now - since))


async def _drop_stale_media(desk: Desk, live: Live) -> None:
    """One who stays away does not keep peer connections for ever."""
    async with live.lock:
        for seat_id in list(live.granted):
            away = not live.session.seat(seat_id).is_connected
            since = live.noticed_at.get(seat_id, desk.monotonic())
            if away and desk.monotonic() - since > desk.pace.media_kept:
                await live.forget_media(seat_id)


async def _tell_places(desk: Desk) -> None:
    for day_id in {live.day_id for live in desk.lives.values() if live.lines}:
        try:
            async with asyncio.timeout(PATIENCE):
                await desk.tell_places(day_id)
        except DomainError as error:
            log.warning("places: %s", error.code)
        except Exception:
            log.exception("places of day %s", day_id)


def _forget_if_over(desk: Desk, live: Live) -> None:
    if live.session.state in OVER and not live.lines:
        desk.lives.pop(live.session.appointment_id, None)
