"""What happens by the clock: requests for what is missing, reports, silence, who speaks."""

import asyncio
import logging
import traceback
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path

from signaling.engine import (
    Carried,
    Leg,
    LegUp,
    MediaEvent,
    MemberId,
    MemberStats,
    RoomId,
    Silent,
    Speaking,
)
from signaling.media import paths
from signaling.media.conference import Conference
from signaling.media.flow import Flow
from signaling.media.link import Link
from signaling.media.members import Member, Receiving, Sending, hears
from signaling.media.track import CAMERA

log = logging.getLogger(__name__)

BEAT = 0.020
LEAVING_BEATS = 5
SPEECH_BEATS = 20
REPORT_BEATS = 50

SCREEN_KBPS = 600
"""A shared screen is allowed at least so much, however weak those are who watch."""


class Pulse:
    """Beats every 20 ms as long as the worker lives."""

    def __init__(
        self,
        conference: Conference,
        *,
        clock: Callable[[], float],
        emit: Callable[[MediaEvent], None],
    ) -> None:
        self.faults: Counter[str] = Counter()
        self._conference = conference
        self._clock = clock
        self._emit = emit
        self._told: dict[RoomId, tuple[set[MemberId], set[Link]]] = {}
        self._rates: dict[Link, Flow] = {}
        self._came = self._went = self._failed = 0

    async def run(self) -> None:
        beats = 0
        while True:
            await asyncio.sleep(BEAT)
            beats += 1
            self._ask()
            if beats % LEAVING_BEATS == 0:
                self._each(self._leave_given_up)
            if beats % SPEECH_BEATS == 0:
                self._tell_speakers()
                self._each(self._sweep)
            if beats % REPORT_BEATS == 0:
                self._report()

    def stats(self, room: RoomId) -> tuple[MemberStats, ...]:
        return tuple(self._stats_of(member) for member in self._conference.in_room(room))

    def carried(self, dropped: Mapping[str, int]) -> Carried:
        members = self._conference.members.values()
        rooms = {member.room for member in members if member.room is not None}
        return Carried(
            engine="", is_up=True, rooms=len(rooms), members=len(members),
            packets_in=self._came, packets_out=self._went, packets_failed=self._failed,
            faults=self.faults.total(), dropped=tuple(dropped.items()),
        )  # fmt: skip

    def _each(self, part: Callable[[Member, float], None]) -> None:
        now = self._clock()
        for member in list(self._conference.members.values()):
            try:
                part(member, now)
            except Exception as fault:  # noqa: BLE001 - what one member's part breaks is theirs alone
                self._note(fault)

    def _note(self, fault: Exception) -> None:
        """Each kind is logged once: by its place, not by the values that it met."""
        at = traceback.extract_tb(fault.__traceback__)[-1]
        place = f"{type(fault).__name__} at {Path(at.filename).name}:{at.lineno}"
        self.faults[place] += 1
        if self.faults[place] == 1:
            log.error("a member's part of the pulse: %s", place)

    def _ask(self) -> None:
        self._each(self._ask_of)
        self._conference.captures.flush()

    def _ask_of(self, member: Member, now: float) -> None:
        if member.receiving is not None:
            member.receiving.subscriber.double_sound(now=now)
        if member.sending is not None:
            requests = member.sending.publisher.requests_due(now)
            if requests:
                member.sending.link.transmit_control(requests)
            for feedback in member.sending.publisher.feedback_due(now):
                member.sending.link.transmit_control(feedback)
        self._conference.send_offers([member])

    def _report(self) -> None:
        before, self._rates = self._rates, {}
        self._each(lambda member, now: self._measure(member, before, now))
        self._each(self._report_to)
        self._each(lambda member, _: self._conference.spare_line(member))
        self._each(lambda member, now: paths.choose(member, self._conference.members, now=now))
        self._each(self._conference.captures.choose)
        self._each(lambda member, _: self._conference.asking.look(member))

    def _leave_given_up(self, speaker: Member, now: float) -> None:
        """Who watched an encoding that does not come any more gets another without a second's wait."""
        camera = speaker.sending.publisher.tracks.get(CAMERA) if speaker.sending else None
        if camera is None or len(camera.layers) == 1:
            return
        for layer, smaller in camera.given_up(now):
            for listener in self._conference.members.values():
                paths.leave(
                    listener, layer, place=camera.layers.index(smaller), to=smaller, now=now
                )

    def _measure(self, member: Member, before: Mapping[Link, Flow], now: float) -> None:
        for _, leg in member.legs:
            flow = self._rates[leg.link] = before.get(leg.link, Flow()).after(leg.link, now)
            self._came += flow.came
            self._went += flow.went
            self._failed += flow.failed

    def _report_to(self, member: Member, now: float) -> None:
        sending = member.sending
        if sending is None:
            return
        video_kbps = self._video_kbps(member)
        report, lost_share = sending.publisher.report(now, video_kbps=video_kbps)
        sending.lost.append(lost_share)
        if report:
            sending.link.transmit_control(report)

    def _video_kbps(self, speaker: Member) -> int:
        return self._camera_kbps(speaker) + self._screen_kbps(speaker)

    def _screen_kbps(self, speaker: Member) -> int:
        """One weak line does not make the text unreadable for all: there cameras rest first."""
        if not speaker.may_share:
            return 0
        rates = [
            member.receiving.subscriber.rate.kbps
            for member in self._conference.members.values()
            if member.receiving is not None and hears(member, speaker) and member.gets_pictures
        ]
        return max(SCREEN_KBPS, int(min(rates, default=0.0)))

    def _camera_kbps(self, speaker: Member) -> int:
        """As much as the weakest who watches can take; little while nobody does."""
        settings = self._conference.settings
        rates = [
            member.receiving.subscriber.rate.kbps
            for member in self._conference.members.values()
            if member.receiving is not None and hears(member, speaker) and member.gets_pictures
        ]
        if "video" not in speaker.permitted or not rates or speaker.sending is None:
            return settings.idle_video_kbps
        if not speaker.wants_pictures:
            return settings.idle_video_kbps
        if len(speaker.sending.publisher.rids) > 1:
            return settings.simulcast_kbps  # a weak line gets a smaller picture, not all of them
        return int(min(rates))

    def _tell_speakers(self) -> None:
        """When it changes, and again to a room where somebody came or came back."""
        speaking: dict[RoomId, list[tuple[float, MemberId]]] = {}
        lines: dict[RoomId, set[Link]] = {}

        def listen(member: Member, _now: float) -> None:
            share = _share_spoken(member)
            if member.room is None:
                return
            lines.setdefault(member.room, set()).update(side.link for _, side in member.legs)
            if share:
                speaking.setdefault(member.room, []).append((share, member.id))

        self._each(listen)
        told, self._told = self._told, {}
        for room in speaking.keys() | told.keys():
            names = tuple(name for _, name in sorted(speaking.get(room, []), reverse=True))
            known, by = told.get(room, (set(), set()))
            if known != set(names) or lines.get(room, set()) - by:
                self._emit(Speaking(room, names))
            if names:
                self._told[room] = (set(names), lines[room])

    def _sweep(self, member: Member, now: float) -> None:
        for leg, side in member.legs:
            reason = self._end_of(side.link, now)
            if reason:
                self._conference.end_leg(member, leg, reason)
            elif side.link.is_up:
                self._watch_silence(member.id, leg, side, now)

    def _end_of(self, link: Link, now: float) -> str:
        settings = self._conference.settings
        if self._rates.get(link, Flow()).is_excessive:
            return "abuse"
        if not link.is_up and now - link.created > settings.connect_deadline:
            return "deadline"
        if link.is_up and now - link.last_heard > settings.gone_after:
            return "silence"
        return ""

    def _watch_silence(
        self, member_id: MemberId, leg: Leg, side: Sending | Receiving, now: float
    ) -> None:
        is_silent = now - side.link.last_heard > self._conference.settings.silent_after
        if is_silent != side.is_silent:
            self._emit(Silent(member_id, leg) if is_silent else LegUp(member_id, leg))
        side.is_silent = is_silent

    def _stats_of(self, member: Member) -> MemberStats:
        sending, receiving = member.sending, member.receiving
        up = self._rates.get(sending.link, Flow()) if sending else Flow()
        down = self._rates.get(receiving.link, Flow()) if receiving else Flow()
        heard_at = sending.link.last_media if sending else None
        return MemberStats(
            member=member.id,
            sent_loss=sending.lost_share if sending else None,
            sent_kbps=up.kbps_in,
            received_loss=receiving.subscriber.lost_share if receiving else 0.0,
            received_kbps=down.kbps_out,
            round_trip=receiving.subscriber.round_trip if receiving else None,
            last_packet_age=self._clock() - heard_at if heard_at is not None else None,
            forwarded_packets=receiving.link.packets_out if receiving else 0,
        )


def _share_spoken(member: Member) -> float:
    """Closes the window of a microphone: its loud share; 0 of who does not speak."""
    if member.sending is None:
        return 0.0
    loudness = member.sending.publisher.loudness
    speaks = loudness.close_window() and "audio" in member.permitted
    return loudness.share if speaks else 0.0
