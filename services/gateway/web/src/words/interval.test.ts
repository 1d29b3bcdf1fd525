import { describe, expect, it } from 'vitest'
import { intervalText, type Timing } from './interval'

const nothing: Timing = {
  interval_hours: null,
  interval_minutes: null,
  cron_expression: null,
  timezone: null,
  spec: null,
}

describe('an interval', () => {
  it.each([
    [1, 'Every hour'],
    [6, 'Every 6 hours'],
    [12, 'Every 12 hours'],
    [24, 'Every day'],
    [168, 'Every week'],
    [5, 'Every 5h'],
    [48, 'Every 2d'],
    [336, 'Every 2w'],
    [30, 'Every 30h'],
  ])('of %i hours reads %s', (hours, text) => {
    expect(intervalText({ ...nothing, interval_hours: hours })).toBe(text)
  })

  it('of minutes names them, and whole hours as hours', () => {
    expect(intervalText({ ...nothing, interval_minutes: 45 })).toBe('Every 45 minutes')
    expect(intervalText({ ...nothing, interval_minutes: 120 })).toBe('Every 2h')
  })

  it('of a cron expression shows it with its zone', () => {
    const cron = { ...nothing, cron_expression: '0 9 * * 1', timezone: 'Europe/Berlin' }
    expect(intervalText(cron)).toBe('0 9 * * 1 (Europe/Berlin)')
  })

  it('below a minute falls back on the spec', () => {
    expect(intervalText({ ...nothing, spec: { type: 'every', every: '1s' } })).toBe('Every 1s')
    expect(intervalText({ ...nothing, spec: { type: 'at', at: '2026-11-21T09:00:00Z' } })).toBe(
      'Once',
    )
  })
})
