"""Every occurrence and every run has exactly one answer.

Each schedule's instants form a chain without a gap; no tick is recorded before it is due; each tick
and each manual trigger has one first answer, a request or a skip with its reason; each requested
run has one end. What has none yet is open, and wrong only when it has been open for too long. Read
in pages; what is remembered is one link per schedule, and the runs that are open.
"""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from eventlog.audit.ledger import Finding, Ledger
from eventlog.store import Log

PAGE: Final = 2000
SHOWN: Final = 100


@dataclass(frozen=True, slots=True)
class Verdict:
    """Of which log, up to which position; `open` counts what waits for its end, by stage;
    `findings` are the first hundred of `wrong`."""

    log_id: UUID
    to: int
    schedules: int
    fired: int
    missed: int
    answers: dict[str, int]
    open: dict[str, int]
    wrong: int
    findings: tuple[Finding, ...]

    @property
    def good(self) -> bool:
        return not self.wrong


async def outcome(
    log: Log, from_: int = 1, to: int | None = None, schedule: UUID | None = None
) -> Verdict:
    """Prove positions `from_` to `to`, of all schedules or one; what came before is read, not
    judged. Raises what the log does when it cannot be read."""
    head = await log.head()
    last = head.position if to is None else min(to, head.position)
    ledger, position, at = Ledger(schedule), 0, None
    while position < last:
        rows = await log.page(position, min(PAGE, last - position))
        for row in rows:
            ledger.enter(row)
        position, at = rows[-1].position, rows[-1].recorded_at
    if at is not None:
        ledger.close(at)
    findings = [finding for finding in ledger.findings if finding.position >= from_]
    return Verdict(
        log_id=head.log_id,
        to=last,
        schedules=len(ledger.chains),
        fired=ledger.fired,
        missed=ledger.missed,
        answers=dict(sorted(ledger.answers.items())),
        open=ledger.open(),
        wrong=len(findings),
        findings=tuple(findings[:SHOWN]),
    )
