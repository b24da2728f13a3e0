"""What each member sends: one publisher handle, as long as the client's peer connection is the same."""

from dataclasses import dataclass

from signaling.engine import Leg, MediaRefusedError, MediaUnavailableError, Refusal
from signaling.janus.handles import Handles
from signaling.janus.people import Person, Publishing, without_candidates
from signaling.janus.session import Answer, Json
from signaling.media.sdp import Description


def continues(person: Person, description: Description) -> bool:
    """Whether an offer is of the peer connection that is there already."""
    known = person.publishing
    return (
        known is not None
        and known.description.session == description.session
        and known.description.fingerprints == description.fingerprints
    )


@dataclass(frozen=True)
class Publications:
    handles: Handles

    async def publish(self, person: Person, offer: str, description: Description) -> str:
        """The answer to the offer. They hold their turn."""
        jsep = {"type": "offer", "sdp": without_candidates(offer)}
        known = person.publishing
        if known is None:
            answer = await self._begin(person, jsep, description)
        else:
            known.description = description
            answer = await self.handles.say(known.handle, {"request": "configure"}, jsep=jsep)
        if answer.sdp is None:
            raise MediaRefusedError(Refusal.UNSUPPORTED)
        return answer.sdp

    async def end(self, person: Person) -> bool:
        """False where nothing was published."""
        known = person.publishing
        if known is None:
            return False
        await self.handles.detach(known.handle)
        person.publishing = None
        return True

    async def _begin(self, person: Person, jsep: Json, description: Description) -> Answer:
        handle = await self.handles.attach(person, Leg.SENDING)
        try:
            await self.handles.join(person, handle)
            answer = await self.handles.say(handle, {"request": "publish"}, jsep=jsep)
        except MediaUnavailableError:
            await self.handles.detach(handle)
            raise
        person.publishing = Publishing(handle, description)
        return answer
