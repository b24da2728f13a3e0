"""Who speaks, from the audio levels that browsers put on their packets (RFC 6464)."""

LOUD = 35
"""Decibels below full scale; quieter than this is a room, not a voice."""

WINDOW = 0.4
PACKET = 0.02
BEGINS = 0.35
ENDS = 0.15


class Loudness:
    """One microphone: the share of the last moments that was loud, smoothed over two windows."""

    def __init__(self) -> None:
        self.share = 0.0
        self.is_speaking = False
        self._loud = 0

    def hear(self, level: int) -> None:
        if level <= LOUD:
            self._loud += 1

    def close_window(self) -> bool:
        """To be called each window; whether the person speaks."""
        share = min(1.0, self._loud * PACKET / WINDOW)
        self.share = (self.share + share) / 2
        self.is_speaking = self.share >= (ENDS if self.is_speaking else BEGINS)
        self._loud = 0
        return self.is_speaking
