import { expect, it } from 'vitest'
import { delayMs, isLost } from './backoff'

it('waits 1 s, doubling to 30 s', () => {
  expect([0, 1, 2, 3, 4, 5, 60].map((attempt) => delayMs(attempt, 1))).toEqual([
    1000, 2000, 4000, 8000, 16000, 30000, 30000,
  ])
})

it('spreads the waits over their upper half', () => {
  expect([delayMs(2, 0), delayMs(2, 0.5)]).toEqual([2000, 3000])
})

it('calls the connection lost after five failures within a minute', () => {
  expect(isLost([0, 1, 2, 3], 4)).toBe(false)
  expect(isLost([0, 1, 2, 3, 4], 4)).toBe(true)
  expect(isLost([0, 1, 2, 3, 60_005], 60_005)).toBe(false)
})
