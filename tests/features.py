"""`make features`: which promised behaviours a test proves, and which nobody has proven yet.

A test proves rows of docs/features.csv by `@pytest.mark.feature("W9")`. An id that is not in the
table is an error; tests that are collected but skipped on this machine are shown as such.
"""

import csv
import sys
from collections import defaultdict
from pathlib import Path

import pytest

TABLE = Path(__file__).parent.parent / "docs" / "features.csv"


def promised() -> dict[str, str]:
    """The behaviours by id."""
    with TABLE.open(newline="") as file:
        return {row["id"]: row["behaviour"] for row in csv.DictReader(file)}


class Marks:
    """Collects which tests carry which ids."""

    def __init__(self) -> None:
        self.proofs: defaultdict[str, list[str]] = defaultdict(list)

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        for item in session.items:
            for mark in item.iter_markers("feature"):
                for feature in mark.args:
                    self.proofs[feature].append(item.nodeid)


def main() -> int:
    marks, rows = Marks(), promised()
    code = pytest.main(["--collect-only", "-qq", "--no-header", "tests"], plugins=[marks])
    if code != pytest.ExitCode.OK:
        return int(code)
    unknown = sorted(set(marks.proofs) - set(rows))
    print(f"\nProven by tests: {len(marks.proofs)} of {len(rows)}\n")
    for feature, behaviour in rows.items():
        if tests := marks.proofs.get(feature):
            print(f"  {feature:5} {behaviour[:90]}\n        {tests[0]} (+{len(tests) - 1})")
    print(f"\nNot yet proven: {len(rows) - len(marks.proofs)}\n")
    for feature, behaviour in rows.items():
        if feature not in marks.proofs:
            print(f"  {feature:5} {behaviour[:110]}")
    if unknown:
        print(f"\nUnknown ids in marks: {', '.join(unknown)}")
    return bool(unknown)


if __name__ == "__main__":
    sys.exit(main())
