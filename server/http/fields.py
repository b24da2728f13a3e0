"""Field types of the API: bounded, checked, brought into one form."""

import re
import unicodedata
from datetime import datetime, timedelta
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, Field, StringConstraints
from pydantic_core import PydanticCustomError

from server.identity import numbers
from server.kernel.clock import SystemClock, local

EMAIL = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")
HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co"})
KEPT = frozenset("\n\t\u200d")
A_DAY = timedelta(days=1)


def _mobile(text: str) -> str:
    number = numbers.mobile(text)
    if number is None:
        raise PydanticCustomError("mobile", "not a mainland mobile number")
    return number


def _telephone(text: str) -> str:
    number = numbers.telephone(text)
    if number is None:
        raise PydanticCustomError("telephone", "not a telephone number")
    return number


def _id_number(text: str) -> str:
    # Only plausibility: no business rule hangs on which instant this is.
    today = local(SystemClock().now() + A_DAY).date()
    number = numbers.id_number(text, today=today)
    if number is None:
        raise PydanticCustomError("id_number", "not an identity number")
    return number


def _email(text: str) -> str:
    if not EMAIL.fullmatch(text):
        raise PydanticCustomError("email", "not an e-mail address")
    return text


def _thinkable(instant: datetime) -> datetime:
    """So far from the ends of time that days can be added and zones changed."""
    if not 2000 <= instant.year <= 2199:
        raise PydanticCustomError("out_of_range", "too far from today")
    return instant


def _readable(text: str) -> str:
    """Composed characters, no control or invisible ones."""
    normal = unicodedata.normalize("NFC", text.replace("\r\n", "\n"))
    if any(unicodedata.category(c) in HIDDEN and c not in KEPT for c in normal):
        raise PydanticCustomError("unreadable", "holds characters that cannot be shown")
    return normal


def _one_line(text: str) -> str:
    if "\n" in text or "\t" in text:
        raise PydanticCustomError("one_line", "more than one line")
    return text


_TRIMMED = StringConstraints(strip_whitespace=True)
YearNumber = Annotated[int, Field(ge=2000, le=2100)]
Mobile = Annotated[str, _TRIMMED, Field(max_length=24), AfterValidator(_mobile)]
Telephone = Annotated[str, _TRIMMED, Field(max_length=24), AfterValidator(_telephone)]
IdNumber = Annotated[str, _TRIMMED, Field(max_length=24), AfterValidator(_id_number)]
Email = Annotated[str, _TRIMMED, Field(max_length=254), AfterValidator(_email)]
_Line = (_TRIMMED, AfterValidator(_readable), AfterValidator(_one_line))
PersonName = Annotated[str, *_Line, Field(min_length=2, max_length=50)]
Address = Annotated[str, *_Line, Field(min_length=4, max_length=200)]
Sentence = Annotated[str, *_Line, Field(min_length=4, max_length=500)]
Line = Annotated[str, *_Line, Field(min_length=1, max_length=200)]
Words = Annotated[str, _TRIMMED, AfterValidator(_readable), Field(min_length=1, max_length=4000)]
Code = Annotated[str, _TRIMMED, Field(pattern=r"^[0-9]{6}$")]
Instant = Annotated[AwareDatetime, AfterValidator(_thinkable)]
