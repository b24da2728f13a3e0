"""Who is heard when many talk at once: the loudest few, and always whom the session favours."""

from signaling.media.rtp import MARKED

HEARD = 3
EXPIRY = 0.150
"""Seconds for which the loudest moment counts: the pauses inside a word are shorter."""

MARGIN = 3
"""Decibels by which a newcomer must be louder than the faintest of those heard."""

HOLD = 0.300
"""Seconds for which nobody who was just let in gives way, unless to another after silence."""

SILENCE = 127
FAINT = SILENCE - 65
"""Fainter than this nobody pushes another out."""


class Voice:
    """One person's microphone; loudness counts decibels up from the faintest there is."""

    def __init__(self) -> None:
        self.is_favoured = False
        self.heard_since = 0.0
        self._among: Voices | None = None
        self._peak = self._latest = 0
        self._peak_at = self._latest_at = float("-inf")

    def enter(self, voices: "Voices | None") -> None:
        """Be one of these from now on, or of none."""
        if self._among is not None and self._among is not voices:
            self._among.forget(self)
        self._among = voices

    def favour(self, *, on: bool) -> None:
        self.is_favoured = on
        if self._among is not None:
            self._among.forget(self)

    def note(self, level: int, now: float) -> None:
        """`level` is in decibels below full scale (RFC 6464)."""
        loudness = SILENCE - level
        if loudness >= self._peak or now - self._peak_at > EXPIRY:
            self._peak, self._peak_at = loudness, now
        self._latest, self._latest_at = loudness, now

    def energy(self, now: float) -> int:
        if now - self._peak_at <= EXPIRY:
            return self._peak
        return self._latest if now - self._latest_at <= EXPIRY else 0

    def is_heard(self, now: float) -> bool:
        """Whether what comes now is passed on."""
        return self.is_favoured or self._among is None or self._among.hear(self, now)


class Voices:
    """Those of one room that compete: a place is kept through silence until somebody needs it."""

    def __init__(self) -> None:
        self._heard: list[Voice] = []

    def hear(self, voice: Voice, now: float) -> bool:
        if voice in self._heard:
            return True
        if len(self._heard) >= HEARD:
            faintest = min(self._heard, key=lambda one: one.energy(now))
            if not _yields(faintest, to=voice, now=now):
                return False
            self._heard.remove(faintest)
        self._heard.append(voice)
        voice.heard_since = now
        return True

    def forget(self, voice: Voice) -> None:
        if voice in self._heard:
            self._heard.remove(voice)


def _yields(holder: Voice, *, to: Voice, now: float) -> bool:
    held, claimed = holder.energy(now), to.energy(now)
    if claimed < FAINT or claimed < held + MARGIN:
        return False
    return held < FAINT or now - holder.heard_since >= HOLD


class Gate:
    """Numbers of one stream that is passed on by spells: they go on as if nothing had been left out."""

    def __init__(self) -> None:
        self._shift = 0
        self._first = 0
        self._newest = 0
        self._last: int | None = None
        self._is_open = True

    def pass_through(self, number: int, marker: int, *, is_open: bool) -> tuple[int, int] | None:
        """The packet's number and marker, or None if it stays out; a new spell begins marked."""
        is_late = number < self._newest
        self._newest = max(self._newest, number)
        if not is_open:
            self._is_open = False
            return None
        if not self._is_open:
            if is_late:
                return None
            self._begin_spell(number)
            marker = MARKED
        if number < self._first:
            return None
        passed = number + self._shift
        self._last = passed if self._last is None else max(self._last, passed)
        return passed, marker

    def _begin_spell(self, number: int) -> None:
        self._is_open = True
        self._first = number
        if self._last is not None:
            self._shift = self._last + 1 - number
