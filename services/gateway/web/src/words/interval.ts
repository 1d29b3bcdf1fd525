/** When a schedule fires, in the words of its table. */
import type { Schedule } from '../api/shapes'

export type Timing = Pick<
  Schedule,
  'interval_hours' | 'interval_minutes' | 'cron_expression' | 'timezone' | 'spec'
>

export const INTERVALS = [
  { hours: 1, text: 'Every hour' },
  { hours: 6, text: 'Every 6 hours' },
  { hours: 12, text: 'Every 12 hours' },
  { hours: 24, text: 'Every day' },
  { hours: 168, text: 'Every week' },
] as const

export function intervalText(timing: Timing): string {
  if (timing.cron_expression !== null)
    return `${timing.cron_expression} (${timing.timezone ?? 'UTC'})`
  if (timing.interval_hours !== null) return hoursText(timing.interval_hours)
  if (timing.interval_minutes !== null) return minutesText(timing.interval_minutes)
  return specText(timing.spec)
}

/** What is no whole number of minutes. */
function specText(spec: Schedule['spec']): string {
  if (spec?.type === 'every') return `Every ${spec.every}`
  return spec?.type === 'at' ? 'Once' : '--'
}

function hoursText(hours: number): string {
  const named = INTERVALS.find((interval) => interval.hours === hours)
  if (named) return named.text
  if (hours < 24) return `Every ${hours}h`
  if (hours % 168 === 0) return `Every ${hours / 168}w`
  return hours % 24 === 0 ? `Every ${hours / 24}d` : `Every ${hours}h`
}

function minutesText(minutes: number): string {
  return minutes % 60 === 0 ? hoursText(minutes / 60) : `Every ${minutes} minutes`
}
