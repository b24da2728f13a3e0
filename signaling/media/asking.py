"""What senders are asked for the sake of those who watch: which encodings, in which codec."""

from collections.abc import Iterable

from signaling.engine import Encodings, OfferAgain
from signaling.media import encodings, paths
from signaling.media.capture import Captures
from signaling.media.codecs import PICTURES, Codec, preferred
from signaling.media.ground import Ground
from signaling.media.members import Member, Members, Sending, near

CODEC_SECONDS = 10.0
"""A camera is asked for another codec this often at most, whoever comes and goes; and again, while
it goes on in the old one.
"""


class Asking:
    """Asks once for each change; a client that was away is asked again when it is back."""

    def __init__(self, members: Members, captures: Captures, ground: Ground) -> None:
        self._members = members
        self._captures = captures
        self._ground = ground

    def look(self, speaker: Member) -> None:
        """Called about once a second."""
        self.encodings(speaker)
        self._codec(speaker)

    def those_near(self, listeners: Iterable[Member]) -> None:
        """At once: a camera that rested is to come in no time."""
        speakers = {one.id: one for who in listeners for one in near(who, self._members)}
        for speaker in speakers.values():
            self.look(speaker)

    def encodings(self, speaker: Member) -> None:
        """What of the camera to send, if that is other than before."""
        used = paths.watched(speaker, self._members) | self._captures.rids_of(speaker.id)
        asked = encodings.asked(speaker, used, now=self._ground.clock())
        if asked is not None:
            self._ground.emit(asked)

    def again(self, speaker: Member, sending: Sending) -> None:
        """The client's line may have been away when it was asked for these encodings."""
        if sending.active is not None:
            sending.asked_at |= dict.fromkeys(sending.active, self._ground.clock())
            self._ground.emit(Encodings(speaker.id, sending.active))

    def preferred(self, speaker: Member) -> tuple[Codec, ...]:
        """The codecs of pictures, first what suits most of those who could watch this one."""
        watching = (
            other.receiving.subscriber
            for other in near(speaker, self._members)
            if other is not speaker and other.receiving is not None
        )
        sending = speaker.sending
        sent = sending.publisher.picture if sending is not None else PICTURES[0]
        return preferred((one.decodes for one in watching if one.has_answered), sent=sent)

    def _codec(self, speaker: Member) -> None:
        sending = speaker.sending
        if sending is None:
            return
        pictures = self.preferred(speaker)
        now = self._ground.clock()
        if sending.publisher.prefer(pictures) and now - sending.turned_at >= CODEC_SECONDS:
            sending.turned_at = now
            self._ground.emit(OfferAgain(speaker.id))
