"""Token counts in one normal form; what is unknown stays unknown."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.samples import Tokens
from measures.tokens import of_agent, of_openai_chat


def usage(prompt: object, completion: object, **more: object) -> dict[str, Any]:
    return {"prompt_tokens": prompt, "completion_tokens": completion, **more}


def reasoning(count: object) -> dict[str, object]:
    return {"completion_tokens_details": {"reasoning_tokens": count}}


USAGES: list[tuple[list[dict[str, Any]], Tokens]] = [
    ([usage(10, 5)], Tokens(input=10, output=5, source="usage")),
    ([usage(0, 0)], Tokens(input=0, output=0, source="usage")),
    ([], Tokens()),
    ([{}], Tokens()),
    ([usage({}, "5")], Tokens()),
    ([usage(True, -1)], Tokens()),
    ([usage(10, 1), usage(10, 2), usage(10, None)], Tokens(input=10, output=2, source="usage")),
    (
        [usage(10, 5, prompt_tokens_details={"cached_tokens": 8, "cache_write_tokens": 2})],
        Tokens(input=10, output=5, cached_read=8, cache_write=2, source="usage"),
    ),
    (
        [usage(10, 5, prompt_cache_hit_tokens=4, prompt_cache_miss_tokens=6)],
        Tokens(input=10, output=5, cached_read=4, source="usage"),
    ),
    (
        [usage(10, 25, total_tokens=35, **reasoning(20))],
        Tokens(input=10, output=25, reasoning=20, source="usage"),
    ),
    (
        [usage(10, 5, total_tokens=35, **reasoning(20))],
        Tokens(input=10, output=25, reasoning=20, source="usage"),
    ),
    (
        [usage(10, 25, total_tokens=99, **reasoning(20))],
        Tokens(input=10, output=25, reasoning=20, source="usage"),
    ),
    (
        [usage(10, 5, total_tokens=15, **reasoning(0))],
        Tokens(input=10, output=5, reasoning=0, source="usage"),
    ),
    (
        [{**usage(3, 4), "prompt_tokens_details": None, "completion_tokens_details": []}],
        Tokens(input=3, output=4, source="usage"),
    ),
]


@pytest.mark.parametrize(("usages", "expected"), USAGES)
def test_usage_of_openai_chat(usages: list[dict[str, Any]], expected: Tokens) -> None:
    assert of_openai_chat(usages) == expected


def test_an_agents_cached_tokens_count_as_input() -> None:
    metadata = {
        "input_tokens": 5,
        "cache_creation_tokens": 20,
        "cache_read_tokens": 300,
        "output_tokens": 7,
    }
    assert of_agent(metadata) == Tokens(
        input=325, output=7, cached_read=300, cache_write=20, source="usage"
    )


def test_an_agent_that_tells_nothing_has_no_counts() -> None:
    assert of_agent({"input_tokens": "12", "output_tokens": None}) == Tokens()


NAMES = (
    *("prompt_tokens", "completion_tokens", "total_tokens", "reasoning_tokens"),
    *("prompt_tokens_details", "completion_tokens_details", "cached_tokens"),
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(NAMES),
            inner,
        )
    ),
    max_leaves=8,
)


@given(st.lists(JSON.filter(lambda each: isinstance(each, dict)), max_size=3))
def test_no_usage_however_odd_turns_unknown_into_zero(usages: list[Any]) -> None:
    counted = of_openai_chat(usages)
    if counted.output == 0:
        assert any(each.get("completion_tokens") == 0 for each in usages)
    if counted.input == 0:
        assert any(each.get("prompt_tokens") == 0 for each in usages)
