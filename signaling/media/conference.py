"""All members of one worker: obeys commands, keeps rooms apart, joins legs to the socket."""

import asyncio
import re
from collections.abc import Coroutine, Iterable
from weakref import WeakValueDictionary

from signaling.engine import (
    Leg,
    LegDown,
    LegUp,
    MediaRefusedError,
    MemberId,
    Offer,
    Pictures,
    Refusal,
    RoomId,
    View,
)
from signaling.media import paths
from signaling.media.asking import Asking
from signaling.media.capture import Captures
from signaling.media.ground import Ground
from signaling.media.members import Member, Receiving, Sending, heard_by, near
from signaling.media.sdp import (
    RECEIVING_SECTIONS,
    SENDING_SECTIONS,
    Description,
    read_description,
)
from signaling.media.settings import MediaSettings
from signaling.media.voices import Voices

_MEMBER = re.compile(r"[A-Za-z0-9_-]{1,64}")


class Conference:
    """Every command takes effect wholly before it returns: nothing here awaits."""

    def __init__(self, ground: Ground) -> None:
        self.members: dict[MemberId, Member] = {}
        self.captures = Captures(ground.new_session)
        self.asking = Asking(self.members, self.captures, ground)
        self._ground = ground
        self._voices: WeakValueDictionary[RoomId, Voices] = WeakValueDictionary()
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def settings(self) -> MediaSettings:
        return self._ground.settings

    def publish(self, member_id: MemberId, offer: str) -> str:
        member = self._member(member_id)
        description = self._read(member_id, offer, SENDING_SECTIONS)
        sending = member.sending
        if sending is not None and sending.publisher.continues(description):
            if description.ufrag != sending.publisher.ufrag:
                sending.link.renew()
            sending.publisher.prefer(self.asking.preferred(member))
            sending.publisher.take(description, may_share=member.may_share)
            self.asking.again(member, sending)
        else:
            sending = self._begin_sending(member, description)
            self._begin_receiving(member)
        self._refresh(self._near(member))
        return sending.publisher.answer_to(description, self._ground.transport_of(sending.link))

    def subscribe(self, member_id: MemberId) -> None:
        member = self._member(member_id)
        self._check_room(member, Leg.RECEIVING)
        self._begin_receiving(member)
        self._refresh([member])

    def answer(self, member_id: MemberId, revision: int, sdp: str) -> None:
        member = self.members.get(member_id)
        if member is None or member.receiving is None:
            raise MediaRefusedError(Refusal.UNKNOWN)
        receiving = member.receiving
        description = self._read(member_id, sdp, RECEIVING_SECTIONS)
        receiving.subscriber.accept_answer(revision, description, now=self._ground.clock())
        if not receiving.link.has_begun:
            self._begin(member_id, Leg.RECEIVING, receiving, description)
        self._refresh([member])

    def restart_receiving(self, member_id: MemberId) -> None:
        member = self._member(member_id)
        if member.receiving is None:
            self._check_room(member, Leg.RECEIVING)
            self._begin_receiving(member)
        else:
            member.receiving.link.renew()
            member.receiving.subscriber.offer_again(now=self._ground.clock())
        self._refresh([member])

    def grant(self, member_id: MemberId, room: RoomId) -> None:
        member = self._member(member_id)
        left = self._near(member)
        member.room = room
        self._place_voice(member)
        self._refresh([*left, *self._near(member)])

    def revoke(self, member_id: MemberId) -> None:
        member = self.members.get(member_id)
        if member is None:
            return
        left = self._near(member)
        member.room = None
        self._place_voice(member)
        self._refresh(left)
        self._forget_if_empty(member)

    def permit(self, member_id: MemberId, kinds: frozenset[str]) -> None:
        member = self._member(member_id)
        member.permitted = kinds
        self._place_voice(member)
        self._refresh(self._near(member))

    def favour(self, member_id: MemberId, *, on: bool) -> None:
        self._member(member_id).voice.favour(on=on)

    def view(
        self, member_id: MemberId, views: dict[MemberId, View], *,
        screen: View = View.LARGE, pictures: bool = True,
    ) -> None:  # fmt: skip
        member = self._member(member_id)
        member.views, member.screen_view, member.wants_pictures = views, screen, pictures
        self._refresh([member])
        paths.choose(member, self.members, now=self._ground.clock())
        self.asking.those_near([member])
        if member.thrift.is_on:  # a page that was loaded again does not know
            self._ground.emit(Pictures(member_id, on=False))

    def spare_line(self, member: Member) -> None:
        """Pictures rest where not even the smallest comes through; called about once a second."""
        was_on, rested = member.thrift.is_on, member.rests_cameras
        member.rests_cameras = paths.defers(member)
        if paths.spares(member, now=self._ground.clock()) != was_on:
            self._ground.emit(Pictures(member.id, on=was_on))
        if (member.thrift.is_on, member.rests_cameras) != (was_on, rested):
            self._refresh([member])

    def close(self, member_id: MemberId) -> None:
        member = self.members.get(member_id)
        if member is None:
            return
        self.revoke(member_id)
        self._end_sending(member)
        self._end_receiving(member)
        self.members.pop(member_id, None)

    def capture(self, room: RoomId, to: str | None) -> None:
        """Give what is sent in this room to a socket; None ends that."""
        self.captures.direct(room, to, self.in_room(room), now=self._ground.clock())
        self.asking.those_near(self.in_room(room))

    def in_room(self, room: RoomId) -> list[Member]:
        return [member for member in self.members.values() if member.room == room]

    def end_leg(self, member: Member, leg: Leg, reason: str) -> None:
        """A leg that is gone by itself: the client must bring a new peer connection."""
        near = self._near(member)
        if leg is Leg.SENDING:
            self._end_sending(member)
        else:
            self._end_receiving(member)
        self._refresh(near)
        self._ground.emit(LegDown(member.id, leg, reason))
        self._forget_if_empty(member)

    def send_offers(self, members: Iterable[Member]) -> None:
        now = self._ground.clock()
        for member in members:
            receiving = member.receiving
            if receiving is None or not receiving.subscriber.is_offer_due(now=now):
                continue
            member.revision += 1
            transport = self._ground.transport_of(receiving.link)
            sdp = receiving.subscriber.offer(member.revision, transport)
            self._ground.emit(Offer(member.id, member.revision, sdp))

    async def end(self) -> None:
        for member_id in list(self.members):
            self.close(member_id)
        self.captures.close()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _member(self, member_id: MemberId) -> Member:
        if not _MEMBER.fullmatch(member_id):
            raise MediaRefusedError(Refusal.UNKNOWN)
        return self.members.setdefault(member_id, Member(member_id))

    def _place_voice(self, member: Member) -> None:
        """Whom the host muted competes with nobody."""
        voices = None
        if member.room is not None and "audio" in member.permitted:
            voices = self._voices.setdefault(member.room, Voices())
        member.voice.enter(voices)

    def _read(self, member_id: MemberId, sdp: str, section_limit: int) -> Description:
        try:
            return read_description(sdp, section_limit=section_limit)
        except MediaRefusedError as refused:
            if refused.refusal.is_abuse:
                self.close(member_id)
            raise

    def _near(self, member: Member) -> list[Member]:
        return near(member, self.members)

    def _refresh(self, members: Iterable[Member]) -> None:
        """Bring offers and packet paths of these listeners in line with who is where."""
        affected = {member.id: member for member in members}
        for member in affected.values():
            self._want(member)
            self.captures.align(member, now=self._ground.clock())
            paths.lay(member, self.members, now=self._ground.clock())
        self.asking.those_near(affected.values())
        self.send_offers(affected.values())

    def _want(self, member: Member) -> None:
        receiving = member.receiving
        if receiving is None:
            return
        heard = heard_by(member, self.members)
        has_more = not heard.keys() <= receiving.subscriber.known
        if receiving.subscriber.is_full and has_more and self._has_room(member, Leg.RECEIVING):
            receiving = self._begin_receiving(member)
        receiving.subscriber.want(heard, now=self._ground.clock())

    def _begin_sending(self, member: Member, description: Description) -> Sending:
        pictures = self.asking.preferred(member)
        publisher = self._ground.publisher(description, of=member, pictures=pictures)
        self._check_room(member, Leg.SENDING, Leg.RECEIVING)
        if member.sending is not None:
            self._ground.emit(LegDown(member.id, Leg.SENDING, "replaced"))
        self._end_sending(member)
        sending = member.sending = Sending(self._ground.link(), publisher)
        self._begin(member.id, Leg.SENDING, sending, description)
        return sending

    def _begin_receiving(self, member: Member) -> Receiving:
        if member.receiving is not None:
            self._ground.emit(LegDown(member.id, Leg.RECEIVING, "replaced"))
        self._end_receiving(member)
        link = self._ground.link()
        receiving = member.receiving = Receiving(link, self._ground.subscriber(link))
        return receiving

    def _check_room(self, member: Member, *begun: Leg) -> None:
        """Before anything ends: half of what was asked for would help nobody."""
        if not self._has_room(member, *begun):
            raise MediaRefusedError(Refusal.BUSY)

    def _has_room(self, member: Member, *begun: Leg) -> bool:
        """Whether the member may begin these legs in the place of its own."""
        connecting = sum(
            not side.link.is_up
            for other in self.members.values()
            for leg, side in other.legs
            if other is not member or leg not in begun
        )
        return connecting + len(begun) <= self.settings.connecting_limit

    def _begin(
        self, member_id: MemberId, leg: Leg, side: Sending | Receiving, description: Description
    ) -> None:
        def current() -> Member | None:
            member = self.members.get(member_id)
            return member if member and any(side is own for _, own in member.legs) else None

        def connected() -> None:
            if member := current():
                self._ground.emit(LegUp(member_id, leg))
                self._refresh(self._near(member))

        def closed(reason: str) -> None:
            if member := current():
                self.end_leg(member, leg, reason)

        intake = side.publisher if isinstance(side, Sending) else side.subscriber
        fingerprints = description.fingerprints
        side.link.begin(fingerprints, intake=intake, connected=connected, closed=closed)

    def _end_sending(self, member: Member) -> None:
        if member.sending is not None:
            member.sending.link.cut()
            self._spawn(member.sending.link.close())
            member.sending = None

    def _end_receiving(self, member: Member) -> None:
        if member.receiving is not None:
            member.receiving.subscriber.let_go(now=self._ground.clock())
            member.receiving.link.cut()
            self._spawn(member.receiving.link.close())
            member.receiving = None

    def _forget_if_empty(self, member: Member) -> None:
        if member.is_empty:
            self.members.pop(member.id, None)

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
