"""A process ends as it was asked to, within its grace time, and says how it went."""

import signal
import subprocess
import sys

import pytest

PROGRAM = """
import asyncio, sys
from chassis import lifecycle
async def main(stop):
    print("up", flush=True)
    {body}
sys.exit(lifecycle.run(main, grace={grace}))
"""


def _ended(body: str, grace: float = 5.0, *, stop: bool = True) -> tuple[int, str]:
    program = PROGRAM.format(body=body, grace=grace)
    with subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        assert process.stdout is not None
        first = process.stdout.readline()
        if stop:
            process.send_signal(signal.SIGTERM)
        rest = process.stdout.read()
    return process.returncode, first + rest


def test_a_stop_that_is_heard_ends_with_0() -> None:
    code, output = _ended("await stop.wait(); print('drained')")
    assert (code, output) == (0, "up\ndrained\n")


def test_one_that_does_not_listen_is_cancelled_after_its_grace_time() -> None:
    code, output = _ended("await asyncio.Event().wait()", grace=0.05)
    assert code == 0
    assert "grace_time_over" in output


@pytest.mark.parametrize("body", ["raise RuntimeError('the disk is gone')"])
def test_a_failure_ends_with_1_and_its_reason_in_the_log(body: str) -> None:
    code, output = _ended(body, stop=False)
    assert code == 1
    assert "the disk is gone" in output


def test_one_failing_task_ends_the_others() -> None:
    body = "await lifecycle.until(stop, {'a': asyncio.Event().wait(), 'b': fail()})"
    fail = "async def fail(): raise RuntimeError('b failed')\n    "
    code, output = _ended(fail + body, stop=False)
    assert code == 1
    assert "b failed" in output
