/** When to try again after the live connection broke, and when to call it lost. */

const FIRST_MS = 1_000
const LONGEST_MS = 30_000
const LOST_AFTER = 5
const LOST_WITHIN_MS = 60_000

/** The wait before attempt `attempt` (from 0): 1 s doubling to 30 s, the upper half of it drawn. */
export function delayMs(attempt: number, drawn: number): number {
  const ceiling = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(attempt, 10))
  return ceiling * (0.5 + 0.5 * drawn)
}

/** Five failures within a minute: the page says so. */
export function isLost(failures: readonly number[], now: number): boolean {
  return failures.filter((at) => now - at <= LOST_WITHIN_MS).length >= LOST_AFTER
}
