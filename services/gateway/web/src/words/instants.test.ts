import { describe, expect, it } from 'vitest'
import { exactText, relativeText } from './instants'

const now = Date.parse('2026-11-21T12:00:00Z')
const at = (seconds: number) => new Date(now + seconds * 1000).toISOString()

describe('an instant', () => {
  it.each([
    [0, 'just now'],
    [59, 'just now'],
    [-59, 'just now'],
    [60, 'in 1m'],
    [-300, '5m ago'],
    [3599, 'in 59m'],
    [3600, 'in 1h'],
    [-3 * 3600, '3h ago'],
    [24 * 3600 - 1, 'in 23h'],
  ])('%i seconds away reads %s', (seconds, text) => {
    expect(relativeText(at(seconds), now)).toBe(text)
  })

  it('a day or more away is a local date with its time', () => {
    const local = new Date(now + 86_400_000)
    const text = relativeText(local.toISOString(), now)
    expect(text).toContain(String(local.getFullYear()))
    expect(text).toContain(String(local.getMinutes()).padStart(2, '0'))
  })

  it('that is unknown is two dashes, without a tooltip', () => {
    expect(relativeText(null, now)).toBe('--')
    expect(exactText(null)).toBe('')
  })

  it('keeps the exact instant for the tooltip', () => {
    expect(exactText(at(0))).toContain('2026-11-21T12:00:00.000Z')
  })
})
