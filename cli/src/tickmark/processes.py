"""Which process is which, also after its number was used again; and children that die with us.

A process is known by its pid together with the boot and the instant it was started in, so that a
list on disk can be believed later.
"""

import ctypes
import os
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

PR_SET_PDEATHSIG: Final = 1


def identity(pid: int) -> str | None:
    """Tells this process from a later one with the same pid; None when it has ended.

    Systems without /proc cannot tell: there only life is reported.
    """
    if not Path("/proc/self/stat").exists():
        return "unknown" if _answers(pid) else None
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    state, started = fields[0], fields[19]
    return None if state in "ZX" else f"{_boot()}:{started}"


def end(pid: int, known: str, wanted: signal.Signals, patience_s: float = 30.0) -> bool:
    """Signal the process if it is the one `known`, and wait until it is gone, killing it in the
    end. False when it was gone before."""
    if known == "unknown" or identity(pid) != known:
        return False
    for each, patience in ((wanted, patience_s), (signal.SIGKILL, 5.0)):
        with suppress(ProcessLookupError):
            os.kill(pid, each)
        if _gone(pid, known, patience):
            break
    return True


def dies_with_parent(wanted: signal.Signals) -> Callable[[], None] | None:
    """For `preexec_fn`: the child gets this signal when the thread that made it ends, however that
    comes about. Linux only; elsewhere the next start finds what was left."""
    if sys.platform != "linux":
        return None
    parent, libc = os.getpid(), ctypes.CDLL(None)

    def arrange() -> None:
        libc.prctl(PR_SET_PDEATHSIG, int(wanted))
        if os.getppid() != parent:
            os.kill(os.getpid(), wanted)

    return arrange


def _gone(pid: int, known: str, patience_s: float) -> bool:
    deadline = time.monotonic() + patience_s
    while identity(pid) == known and time.monotonic() < deadline:
        time.sleep(0.02)
    return identity(pid) != known


def _boot() -> str:
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()


def _answers(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except OSError:
        return False
    return True
