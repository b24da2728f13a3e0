"""Phone and identity numbers: what they must look like, how they are shown."""

import re
from datetime import date

MOBILE = re.compile(r"1[3-9]\d{9}")
LANDLINE = re.compile(r"(0\d{2,3}-?)?[2-8]\d{6,7}")
NOISE = re.compile(r"[\s\-()\uff08\uff09]")
ID_NUMBER = re.compile(r"[1-9]\d{16}[\dX]")
WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
CHECKS = "10X98765432"


def mobile(text: str) -> str | None:
    """Eleven digits of a mainland mobile number, None when it is not one."""
    digits = NOISE.sub("", text).removeprefix("+86").removeprefix("0086")
    return digits if MOBILE.fullmatch(digits) else None


def telephone(text: str) -> str | None:
    """A mobile or a landline number that a person can call."""
    plain = NOISE.sub("", text)
    return mobile(text) or (plain if LANDLINE.fullmatch(plain) else None)


def id_number(text: str, *, today: date) -> str | None:
    """Eighteen characters by GB 11643 with a real birthday and a right check character."""
    number = text.strip().upper()
    if not ID_NUMBER.fullmatch(number) or number[17] != check_character(number[:17]):
        return None
    born = birthday(number)
    return number if born and date(1850, 1, 1) <= born <= today else None


def check_character(first17: str) -> str:
    """ISO 7064 MOD 11-2 over the first 17 digits."""
    return CHECKS[sum(int(d) * w for d, w in zip(first17, WEIGHTS, strict=True)) % 11]


def birthday(number: str) -> date | None:
    try:
        return date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return None


def mask_phone(number: str) -> str:
    return f"{number[:3]}****{number[-4:]}" if len(number) == 11 else f"****{number[-3:]}"


def mask_id_number(number: str) -> str:
    return f"{number[:3]}***********{number[-4:]}"


def mask_email(address: str) -> str:
    name, _, domain = address.partition("@")
    return f"{name[:1]}***@{domain}"


def mask_name(name: str) -> str:
    """The first character is left; a device that others see shows no more."""
    return name[:1] + "*" * max(len(name) - 1, 1)
