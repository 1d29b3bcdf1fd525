/** Instants as people read them; the exact one is always the tooltip. */

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

const LOCAL = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' })
const EXACT = new Intl.DateTimeFormat(undefined, {
  dateStyle: 'full',
  timeStyle: 'long',
})

/** `just now`, `in 5m`, `3h ago`, beyond a day the local date and time; `--` for none. */
export function relativeText(instant: string | null, now: number): string {
  if (instant === null) return '--'
  const ahead = Date.parse(instant) - now
  const away = Math.abs(ahead)
  if (away < MINUTE) return 'just now'
  if (away >= DAY) return LOCAL.format(new Date(instant))
  const amount = away < HOUR ? `${Math.floor(away / MINUTE)}m` : `${Math.floor(away / HOUR)}h`
  return ahead > 0 ? `in ${amount}` : `${amount} ago`
}

/** The instant in full, in the reader's zone, and as the server wrote it. */
export function exactText(instant: string | null): string {
  return instant === null ? '' : `${EXACT.format(new Date(instant))}\n${instant}`
}
