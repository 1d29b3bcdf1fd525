"""`python -m tests.bench [name...]`: measure the budgets, print one table, write it as JSON."""

import asyncio
import sys
from importlib import import_module
from pathlib import Path

import uvloop
from tests.bench.table import Measured, save, show

FOLDER = Path(__file__).parent
RESULTS = Path("bench-results.json")
OURS = ("__main__", "table")


def modules() -> list[str]:
    """The benches there are, by module name."""
    return sorted(file.stem for file in FOLDER.glob("*.py") if file.stem not in OURS)


async def measure(names: list[str]) -> list[Measured]:
    rows: list[Measured] = []
    for name in names:
        print(f"measuring {name} ...", file=sys.stderr)
        rows += await import_module(f"tests.bench.{name}").measure()
    return rows


def main() -> int:
    chosen = sys.argv[1:] or modules()
    if unknown := [name for name in chosen if name not in modules()]:
        print(f"no such bench: {unknown[0]}; there are {', '.join(modules())}", file=sys.stderr)
        return 2
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        rows = runner.run(measure(chosen))
    print(show(rows))
    save(rows, RESULTS)
    return 0


if __name__ == "__main__":
    sys.exit(main())
