"""What one simulated model does: its timing, its shape, its faults. The same seed, the same run."""

import random
from dataclasses import dataclass, fields, replace
from typing import Any, Final

TEXT: Final = (
    "A recursive function calls itself on a smaller part of the problem until it reaches a case "
    "it can answer at once. Take the factorial of n: it is n times the factorial of n minus one, "
    "and the factorial of zero is one. Each call waits for the one below it, so the depth of the "
    "stack is the depth of the problem."
)
FAULTS: Final = frozenset(
    {"hang_head", "hang_stream", "cut_head", "cut_stream", "error_in_stream"}
    | {"bad_json", "wrong_type", "no_usage", "buffered"}
    | {"401", "404", "429", "429_quota", "500", "503"}
)


class ScriptError(ValueError):
    """A script that cannot be played; the message names the field."""


@dataclass(frozen=True)
class Script:
    """Durations in ms. `faults` is played in turn, one a request; "" is a request without one.

    `jitter` widens each gap by up to this share, drawn from `seed` and the request's number.
    """

    ttft: float = 120.0
    gap: float = 12.0
    tokens: int = 48
    per_event: int = 1
    reasoning_tokens: int = 0
    jitter: float = 0.0
    seed: int = 1
    events_before_fault: int = 6
    retry_after: str = "1"
    faults: tuple[str, ...] = ("",)

    def gaps(self, request: int) -> list[float]:
        """The pause before each event, in seconds: the first is the time to the first token."""
        draw = random.Random(f"{self.seed}/{request}")
        later = max(0, -(-self.tokens // self.per_event) - 1)
        spread = [1 + self.jitter * draw.random() for _ in range(later + 1)]
        return [
            ms * f / 1000 for ms, f in zip([self.ttft, *[self.gap] * later], spread, strict=True)
        ]

    def fault(self, request: int) -> str:
        """Which fault the `request`-th call (from 0) gets; "" for none."""
        return self.faults[request % len(self.faults)]

    def pieces(self) -> list[str]:
        """The answer's text, cut into one piece for each event."""
        text = TEXT.split()
        words = [text[n % len(text)] for n in range(self.tokens)]
        size = self.per_event
        return [" ".join(words[n : n + size]) + " " for n in range(0, len(words), size)]


PRESETS: Final = {
    "fast": Script(),
    "slow": Script(ttft=900, gap=60, tokens=64),
    "reasoning": Script(ttft=300, gap=10, tokens=40, reasoning_tokens=24),
    "flaky": Script(jitter=0.5, faults=("", "cut_stream", "", "503", "", "429")),
    "buffered": Script(faults=("buffered",)),
    "instant": Script(ttft=0, gap=0, tokens=8),
}


def parsed(name: str, content: dict[str, Any]) -> Script:
    """A script from JSON: given fields over the preset of that name, else over the defaults.

    Raises ScriptError naming the field that is unknown or wrong.
    """
    known = {field.name for field in fields(Script)}
    values = dict(content)
    for key, value in values.items():
        if key not in known:
            raise ScriptError(f"{key}: unknown field")
        values[key] = _checked(key, value)
    return replace(PRESETS.get(name, Script()), **values)


def _checked(key: str, value: Any) -> Any:
    if key == "faults":
        faults = tuple(str(each) for each in value)
        wrong = [each for each in faults if each and each not in FAULTS]
        if wrong or not faults:
            raise ScriptError(f"faults: {wrong or 'empty'}; known are {', '.join(sorted(FAULTS))}")
        return faults
    if key == "retry_after":
        return str(value)
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
        raise ScriptError(f"{key}: must be a number, 0 or more")
    return value
