/** The IANA time zones this browser knows, UTC first, and its own. */

export const zones: readonly string[] = [
  'UTC',
  ...Intl.supportedValuesOf('timeZone').filter((zone) => zone !== 'UTC'),
]

export function ownZone(): string {
  const own = new Intl.DateTimeFormat().resolvedOptions().timeZone
  return zones.includes(own) ? own : 'UTC'
}
