"""Personal data in a text, by pattern and, where there is one, by checksum.

Of the types that guardrails know, those in ``DETECTED`` are looked for. A name is found behind a title or words that
announce one, an age by its unit, an address by the kind of street (English and German): most names and addresses in
real texts are missed. The rest need a model and are never found.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Found:
    """One entity and where it stands."""

    type: str
    start: int
    end: int


def iban(text: str) -> bool:
    """ISO 13616: the rest of the digits by 97 is 1."""
    bare = re.sub(r"[\s-]", "", text).upper()
    if not 15 <= len(bare) <= 34:
        return False
    return int("".join(str(int(sign, 36)) for sign in bare[4:] + bare[:4])) % 97 == 1


def card(text: str) -> bool:
    """ISO/IEC 7812: Luhn's sum of 13 to 19 digits."""
    digits = [int(sign) for sign in text if sign.isdigit()]
    doubled = [sum(divmod(2 * digit, 10)) for digit in digits[-2::-2]]
    return 13 <= len(digits) <= 19 and len(set(digits)) > 1 and (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0


def social_security(text: str) -> bool:
    """Areas 000, 666 and 900 on, group 00 and serial 0000 are never given out."""
    area, group, serial = text.replace(" ", "-").split("-")
    return area not in ("000", "666") and area < "900" and group != "00" and serial != "0000"


def ip_address(text: str) -> bool:
    """Whether it is an address of IP version 4 or 6."""
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def phone(text: str) -> bool:
    """7 to 15 digits (E.164) behind a plus, a zero or a bracket; or ten in parts of 3, 3 and 4."""
    digits = sum(sign.isdigit() for sign in text)
    return 7 <= digits <= 15 and (text[0] in "+(0" or bool(re.fullmatch(r"\d{3}[ -]\d{3}[ -]\d{4}", text)))


_CAPITAL = r"[^\W\d_a-zß-ÿ]"
_NAME = rf"{_CAPITAL}[\w'’-]{{1,40}}+"
_ANNOUNCED = "(?i:my name is|name:|ich heiße|mein name ist|yours sincerely,|mit freundlichen grüßen,?)"
_NAMES = rf"{_NAME}(?:[ ]{_NAME}){{0,2}}"
_STREET = r"(?:Street|St\.|Road|Rd\.?|Avenue|Ave\.?|Lane|Ln\.?|Drive|Boulevard|Blvd\.?|Square|Court|Way|Terrace)(?!\w)"
# "During 2024" is none: short endings stand as words of their own only.
_GLUED = rf"{_CAPITAL}[\w-]{{0,40}}?(?:stra(?:ße|sse)|str\.|gasse|allee|weg|platz|damm)"
_APART = rf"{_NAME}[ -](?:Stra(?:ße|sse)|Str\.|Gasse|Allee|Weg|Platz|Damm|Ring|Ufer)"
_TOWN = rf"(?:,?\s+(?:[A-Z]-)?\d{{4,5}}\s+{_NAME})?"


def age(text: str) -> bool:
    """Nobody is older than 120."""
    found = re.search(r"\d+", text)
    return found is not None and int(found[0]) <= 120


# In this order: what is an IBAN is no phone number. Of a group called ``it`` only that is meant.
_KINDS: tuple[tuple[str, re.Pattern[str], Callable[[str], bool]], ...] = (
    ("EMAIL", re.compile(r"(?<![\w.+-])[\w.+-]{1,64}+@[\w-]{1,63}(?:\.[\w-]{1,63})+"), lambda text: True),
    ("URL", re.compile(r"\b(?:https?://|www\.)[^\s<>\"')\]]*[^\s<>\"')\].,;:!?]"), lambda text: True),
    ("INTERNATIONAL_BANK_ACCOUNT_NUMBER", re.compile(r"\b[A-Z]{2}\d\d(?:[ -]?[A-Z0-9]{2,4}){3,8}\b"), iban),
    ("AWS_ACCESS_KEY", re.compile(r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"), lambda text: True),
    ("MAC_ADDRESS", re.compile(r"\b[0-9A-Fa-f]{2}(?:[:-][0-9A-Fa-f]{2}){5}\b"), lambda text: True),
    ("CREDIT_DEBIT_CARD_NUMBER", re.compile(r"(?<![\d+])\d(?:[ -]?\d){12,18}(?!\d)"), card),
    ("US_SOCIAL_SECURITY_NUMBER", re.compile(r"(?<![\d-])\d{3}([- ])\d\d\1\d{4}(?![\d-])"), social_security),
    ("IP_ADDRESS", re.compile(r"(?<![\w.:])(?:\d+(?:\.\d+){3}|[0-9A-Fa-f:]*:[0-9A-Fa-f:]+)(?![\w])"), ip_address),
    ("PHONE", re.compile(r"(?<![\w.,+-])(?:\+|\(?0|\d)[\d() /-]{5,20}\d(?![\w-])"), phone),
    ("AGE", re.compile(r"(?i)(?<![\w.,])(?:aged?:? |alter:? )?\d{1,3}(?:[ -]years?[ -]old| jahre alt| y/o)\b"
                       r"|\b(?:aged|alter:|age:|age of) (?P<it>\d{1,3})\b(?!%|\.\d)"), age),
    ("ADDRESS", re.compile(rf"(?<!\w)\d{{1,5}}[a-z]? (?:{_NAME} ){{1,3}}{_STREET}{_TOWN}"
                           rf"|(?<!\w)(?:{_GLUED}|{_APART})\s\d{{1,4}}\s?[a-z]?(?!\w){_TOWN}"),
     lambda text: True),
    ("NAME", re.compile(rf"(?<!\w)(?:(?:Mr|Mrs|Ms|Miss|Dr|Prof)\.? |(?:Herrn?|Frau) (?:Dr\. |Prof\. )?)(?P<it>{_NAMES})"
                        rf"|(?<!\w){_ANNOUNCED}\s+(?P<that>{_NAMES})"), lambda text: True),
)  # fmt: skip
DETECTED = tuple(name for name, _, _ in _KINDS)


def find(text: str) -> list[Found]:
    """All entities of a text, in order; none overlaps another one."""
    found: list[Found] = []
    for name, pattern, holds in _KINDS:
        for match in pattern.finditer(text):
            start, end = match.span(next((name for name in ("it", "that") if match.groupdict().get(name)), 0))
            if holds is iban:
                end = start + _iban_end(match[0])
            free = all(end <= one.start or one.end <= start for one in found)
            if end > start and free and holds(text[start:end]):
                found.append(Found(name, start, end))
    return sorted(found, key=lambda one: one.start)


def _iban_end(text: str) -> int:
    """The longest beginning that is an IBAN: a word in capitals may stand behind it."""
    return next((end for end in range(len(text), 14, -1) if text[end - 1].isalnum() and iban(text[:end])), 0)
