"""What leaves the runner carries no secret: this call's own keys, and whatever looks like one.

Providers quote parts of keys ("Incorrect API key provided: sk-ab***yz"), proxies echo headers, and
an address may hold a password. First redact, then cut: a cut secret would escape the patterns. The
patterns hold up every other call, so of a long text they see only what is kept and a margin in
which a secret at the cut can end.
"""

import re
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterable, Iterator
from typing import Final
from urllib.parse import quote

BLANK: Final = "[redacted]"
MESSAGE_LENGTH: Final = 500
ANSWER_LENGTH: Final = 10_000
WORD_LENGTH: Final = 100
MARGIN: Final = 4096
CUT: Final = "... (truncated)"
FRAGMENT: Final = 8
"""From so many consecutive characters on, a part of a key is one."""

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
        rf"\b(?:sk-|gsk_|xai-|AIza){tail}|\beyJ[\w-]{{6,1024}}+\.[\w-]++\.[\w-]*"
        rf"|(?<=Bearer ){tail}|(?<=bearer ){tail}|(?<=Basic )(?=\S*(?:[\d=]|[a-z][A-Z])){tail}"
    )


_MASKED: Final = _shapes(3)
_WHOLE: Final = _shapes(16)


def message(text: str, secrets: Iterable[str]) -> str:
    """An error's words, safe to store and to show, at most 500 characters."""
    return _kept(text, secrets, _MASKED, MESSAGE_LENGTH, named=True)


def answer(text: str, secrets: Iterable[str]) -> str:
    """An answer's text, at most 10,000 characters and a mark that it was cut.

    Its own words stay: neither `sorted(x, key=len)` nor `sk-learn` is a secret.
    """
    kept = _kept(text, secrets, _WHOLE, ANSWER_LENGTH + 1)
    whole = len(kept) <= ANSWER_LENGTH and len(text) <= ANSWER_LENGTH + MARGIN
    return kept if whole else kept[:ANSWER_LENGTH] + CUT


def word(text: str, secrets: Iterable[str]) -> str:
    """A provider's own short word, such as a code or a model's name."""
    return _kept(text, secrets, _MASKED, WORD_LENGTH)


def _kept(
    text: str, secrets: Iterable[str], shapes: re.Pattern[str], length: int, *, named: bool = False
) -> str:
    """The first `length` characters, or fewer where blanks in a longer text took their place."""
    forms = {form for secret in secrets if secret for form in _forms(secret)}
    margin = max([MARGIN, *map(len, forms)])
    seen = text[: length + margin]
    blanked = _blanked(seen, forms, shapes)
    if named:
        blanked = _NAMED.sub(rf"\g<1>{BLANK}", blanked)
    return blanked[:length] if len(seen) == len(text) else blanked[:-margin][:length]


def _blanked(text: str, forms: set[str], shapes: re.Pattern[str]) -> str:
    text = _USERINFO.sub(f"{BLANK}@", _exactly(text, forms))
    return shapes.sub(BLANK, text)


def _exactly(text: str, forms: set[str]) -> str:
    """Longest first, since one form of a secret may begin with another; then their parts."""
    for form in sorted(forms, key=len, reverse=True):
        text = text.replace(form, BLANK)
    left, end = list[str](), 0
    for start, stop in _fragments(text, forms):
        left += text[end:start], BLANK
        end = stop
    return "".join([*left, text[end:]])


def _fragments(text: str, forms: set[str]) -> Iterator[tuple[int, int]]:
    """Where parts of them stand, those that overlap or touch as one."""
    parts = {form[at : at + FRAGMENT] for form in forms for at in range(len(form) - FRAGMENT + 1)}
    start = stop = -1
    for at in range(len(text) - FRAGMENT + 1 if parts else 0):
        if text[at : at + FRAGMENT] in parts:
            if at > stop:
                if stop > 0:
                    yield start, stop
                start = at
            stop = at + FRAGMENT
    if stop > 0:
        yield start, stop


def _forms(secret: str) -> tuple[str, ...]:
    raw = secret.encode()
    return (
        secret,
        quote(secret, safe=""),
        quote(secret),
        b64encode(raw).decode().rstrip("="),
        urlsafe_b64encode(raw).decode().rstrip("="),
    )
