"""One line per budget: what we do, what a peer or the bare ceiling does in the same run."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class Measured:
    """`ours` and `peer` in the unit `goal` names; `ratio` is ours to the peer's."""

    path: str
    goal: str
    ours: float
    peer_name: str
    peer: float
    ratio: float
    note: str = ""


def percentile(sample: Sequence[float], percent: float) -> float:
    """The nearest-rank percentile. Raises IndexError on an empty sample."""
    ordered = sorted(sample)
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]


def show(rows: Sequence[Measured]) -> str:
    """The table, one column as wide as its widest cell."""
    lines = [("path", "goal", "ours", "peer", "", "ratio", "note"), *map(_cells, rows)]
    widths = [max(len(line[n]) for line in lines) for n in range(len(lines[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def save(rows: Sequence[Measured], file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps([asdict(row) for row in rows], indent=2) + "\n")


def _cells(row: Measured) -> tuple[str, ...]:
    figures = _figure(row.ours), row.peer_name, _figure(row.peer), f"{row.ratio:.2f}x"
    return row.path, row.goal, *figures, row.note


def _figure(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.2f}"
