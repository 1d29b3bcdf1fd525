"""Token counts in one normal form: input includes cached, output includes reasoning.

What is missing or cannot be read is null, never 0. Where usage came several times, the last value
of each field counts; nothing is summed.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeAlias, cast

from contracts.samples import Tokens

Json: TypeAlias = Mapping[str, Any]

_NONE: Final = Tokens()


def of_openai_chat(usages: Sequence[Json]) -> Tokens:
    """From the `usage` objects of one answer, in order, of OpenAI and its compatible servers.

    Servers disagree whether `completion_tokens` includes the reasoning; the total tells.
    """
    cached = _last(usages, "prompt_tokens_details", "cached_tokens")
    reasoning = _last(usages, "completion_tokens_details", "reasoning_tokens")
    read = _last(usages, "prompt_tokens")
    return _counted(
        input=read,
        output=_with_reasoning(
            read, _last(usages, "completion_tokens"), reasoning, _last(usages, "total_tokens")
        ),
        cached_read=_last(usages, "prompt_cache_hit_tokens") if cached is None else cached,
        cache_write=_last(usages, "prompt_tokens_details", "cache_write_tokens"),
        reasoning=reasoning,
    )


def of_agent(metadata: Json) -> Tokens:
    """From an agent's `metadata`, whose input count excludes what it wrote to and read from a
    cache."""
    parts = [
        count(metadata.get(name))
        for name in ("input_tokens", "cache_creation_tokens", "cache_read_tokens")
    ]
    return _counted(
        input=None if parts[0] is None else sum(part or 0 for part in parts),
        output=count(metadata.get("output_tokens")),
        cached_read=parts[2],
        cache_write=parts[1],
    )


def count(value: object) -> int | None:
    """A count that can be read as one, else None."""
    if not isinstance(value, int) or isinstance(value, bool):
        return None
    return value if 0 <= value < 2**53 else None


def _counted(**counts: int | None) -> Tokens:
    if all(value is None for value in counts.values()):
        return _NONE
    return Tokens(**counts, source="usage")


def _last(usages: Sequence[Json], *path: str) -> int | None:
    found = (count(_at(usage, path)) for usage in reversed(usages))
    return next((value for value in found if value is not None), None)


def _at(content: object, path: Sequence[str]) -> object:
    for name in path:
        if not isinstance(content, Mapping):
            return None
        content = cast("Json", content).get(name)
    return content


def _with_reasoning(
    read: int | None, written: int | None, reasoning: int | None, total: int | None
) -> int | None:
    """Output tokens, the reasoning added where the total shows that it stands outside."""
    if read is None or written is None or not reasoning:
        return written
    return written + reasoning if total == read + written + reasoning else written
