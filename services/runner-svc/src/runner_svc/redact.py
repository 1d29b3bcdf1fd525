"""What leaves the runner carries no secret: this call's own keys, and whatever looks like one.

Providers quote parts of keys ("Incorrect API key provided: sk-ab***yz"), proxies echo headers, and
an address may hold a password. First redact, then cut: a cut secret would escape the patterns.
"""

import re
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterable
from typing import Final
from urllib.parse import quote

BLANK: Final = "[redacted]"
MESSAGE_LENGTH: Final = 500
ANSWER_LENGTH: Final = 10_000
CUT: Final = "... (truncated)"

_TAIL: Final = r"[A-Za-z0-9_\-.*…+/=~]"
_USERINFO: Final = re.compile(r"(?<=://)[^\s/@\"'<>]+@")
_NAMED: Final = re.compile(
    r"(\b[\w-]{0,40}(?:key|token|secret|password|authorization)[\"']?\s{0,3}[=:]\s{0,3}[\"']?)"
    r"(?!Bearer|Basic)[^\s\"'&,;}]+",
    re.IGNORECASE,
)


def _shapes(shortest: int) -> re.Pattern[str]:
    """Keys of known makes, JWTs, and what follows `Bearer` or `Basic`, from this length on."""
    tail = rf"{_TAIL}{{{shortest},}}"
    return re.compile(
        rf"\b(?:sk-|gsk_|xai-|AIza){tail}|\beyJ[\w-]{{6,}}\.[\w-]+\.[\w-]*"
        rf"|(?<=Bearer ){tail}|(?<=bearer ){tail}|(?<=Basic )(?=\S*(?:[\d=]|[a-z][A-Z])){tail}"
    )


_MASKED: Final = _shapes(3)
_WHOLE: Final = _shapes(16)


def message(text: str, secrets: Iterable[str]) -> str:
    """An error's words, safe to store and to show, at most 500 characters."""
    text = _blanked(text, secrets, _MASKED)
    return _NAMED.sub(rf"\g<1>{BLANK}", text)[:MESSAGE_LENGTH]


def answer(text: str, secrets: Iterable[str]) -> str:
    """An answer's text, at most 10,000 characters and a mark that it was cut.

    Its own words stay: neither `sorted(x, key=len)` nor `sk-learn` is a secret.
    """
    text = _blanked(text, secrets, _WHOLE)
    return text if len(text) <= ANSWER_LENGTH else text[:ANSWER_LENGTH] + CUT


def word(text: str, secrets: Iterable[str]) -> str:
    """A provider's own short word, such as a code or a model's name."""
    return _blanked(text, secrets, _MASKED)[:100]


def _blanked(text: str, secrets: Iterable[str], shapes: re.Pattern[str]) -> str:
    text = _USERINFO.sub(f"{BLANK}@", _exactly(text, secrets))
    return shapes.sub(BLANK, text)


def _exactly(text: str, secrets: Iterable[str]) -> str:
    """Longest first, since one form of a secret may begin with another."""
    forms = {form for secret in secrets if secret for form in _forms(secret)}
    for form in sorted(forms, key=len, reverse=True):
        text = text.replace(form, BLANK)
    return text


def _forms(secret: str) -> tuple[str, ...]:
    raw = secret.encode()
    return (
        secret,
        quote(secret, safe=""),
        quote(secret),
        b64encode(raw).decode().rstrip("="),
        urlsafe_b64encode(raw).decode().rstrip("="),
    )
