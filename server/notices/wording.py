"""What messages say. Every text is in the catalogues; none holds a word about a matter."""

from dataclasses import dataclass
from datetime import datetime

from babel.dates import format_datetime

from scheduling.tables import SessionKind
from server.kernel.clock import LOCAL, local
from server.kernel.config import Config
from server.kernel.texts import Texts

PERIODS = ((5, "night"), (12, "morning"), (13, "noon"), (18, "afternoon"))
"""The hours before which a part of the day ends, as the pages tell it."""


@dataclass(frozen=True)
class Wording:
    texts: Texts
    origin: str
    phone: str
    centre: str

    @classmethod
    def of(cls, texts: Texts, config: Config) -> "Wording":
        return cls(texts, config.server.address, config.centre.phone, config.centre.name)

    def text(self, language: str, template: str, **facts: object) -> str:
        """The message, with the number to call back at its end."""
        words = self.texts.get(language, f"notice.{template}", **facts)
        return words + self.texts.get(language, "notice.call_back", phone=self.phone)

    def subject(self, language: str) -> str:
        return self.texts.get(language, "notice.subject", centre=self.centre)

    def when(self, language: str, instant: datetime) -> str:
        """Day, weekday and time as people say them."""
        return self._formatted(language, "notice.when", instant)

    def what(self, language: str, kind: SessionKind) -> str:
        """A party to a mediation asked for no appointment."""
        name = "mediation" if kind is SessionKind.MEDIATION else "appointment"
        return self.texts.get(language, f"notice.what_{name}")

    def day(self, language: str, instant: datetime) -> str:
        return self._formatted(language, "notice.day", instant)

    def time(self, language: str, instant: datetime) -> str:
        return self._formatted(language, "notice.time", instant)

    def link(self, path: str) -> str:
        return f"{self.origin}{path}"

    def _formatted(self, language: str, key: str, instant: datetime) -> str:
        period = self.texts.get(language, f"notice.period_{period_of(instant)}")
        pattern = self.texts.get(language, key, period=period)
        return format_datetime(instant, pattern, tzinfo=LOCAL, locale=language.replace("-", "_"))


def period_of(instant: datetime) -> str:
    hour = local(instant).hour
    return next((name for end, name in PERIODS if hour < end), "evening")
