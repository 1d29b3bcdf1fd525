"""What a start shows of its steps."""

import asyncio

import pytest

from tickmark.progress import step


@pytest.mark.parametrize(
    ("thrown", "shown"),
    [
        (asyncio.CancelledError, "interrupted"),
        (KeyboardInterrupt, "interrupted"),
        (OSError, "failed"),
    ],
)
def test_a_step_that_was_told_to_stop_has_not_failed(
    capsys: pytest.CaptureFixture[str], thrown: type[BaseException], shown: str
) -> None:
    with pytest.raises(thrown), step("postgres"):
        raise thrown
    assert capsys.readouterr().out.split() == ["postgres", shown]
