"""A mediation in which everybody speaks, so that what stops can be counted."""

from tests.media.conftest import until
from tests.voices import Voice

SOME, MANY = 20, 60


class Three:
    """The host and both parties in one room, each with picture and sound."""

    def __init__(self, studio, host, wang, li) -> None:
        self.studio, self.host, self.wang, self.li = studio, host, wang, li
        self.voices = {seat.id: Voice(seat) for seat in (host, wang, li)}

    def heard(self, listener, *speakers) -> list[int]:
        return [self.voices[listener.id].packets(speaker) for speaker in speakers]

    def sent(self, speaker) -> int:
        return len(self.voices[speaker.id].bot._history)

    async def hears(self, listener, *speakers, packets: int = SOME) -> None:
        goals = [count + packets for count in self.heard(listener, *speakers)]
        await until(
            lambda: all(
                now >= goal
                for now, goal in zip(self.heard(listener, *speakers), goals, strict=True)
            )
        )
