import { describe, expect, it } from 'vitest'
import { effectOf } from './effects'
import { advance, readFrame } from './frames'

const event = (position: number, type: string, data: object) =>
  JSON.stringify({
    logid: 'log-1',
    position,
    version: 3,
    recordedat: '2026-11-21T12:00:00Z',
    event: { type, subject: 'run-1', data },
  })

describe('a frame', () => {
  it('of an event moves the token to its position', () => {
    const frame = readFrame(event(7, 'RunStarted', { run_id: 'r' }))
    expect(advance('log-1:6', frame)).toBe('log-1:7')
  })

  it('of an idle log moves the token within its log', () => {
    const idle = readFrame('{"position": 9}')
    expect(advance('log-1:7', idle)).toBe('log-1:9')
    expect(advance(null, idle)).toBeNull()
  })

  it('of a sync starts a token, but never skips what a resumed connection is owed', () => {
    const sync = readFrame('{"type": "sync", "resume": "log-1:40", "position": 40}')
    expect(advance(null, sync)).toBe('log-1:40')
    expect(advance('log-1:7', sync)).toBe('log-1:7')
  })

  it('of a reset drops the token', () => {
    expect(advance('log-1:7', readFrame('{"type": "reset", "reason": "unknown log"}'))).toBeNull()
  })

  it.each(['{"type": "job_started", "job_id": "j"}', '[]', 'null', '{}'])(
    'that is not for this page changes nothing: %s',
    (text) => {
      const frame = readFrame(text)
      expect(frame.kind).toBe('other')
      expect(advance('log-1:7', frame)).toBe('log-1:7')
    },
  )
})

describe('an event', () => {
  it('of a schedule names its row, a deletion takes the row away', () => {
    const data = { schedule_id: 's', run_id: 'r' }
    expect(effectOf({ type: 'ScheduleTriggered', data })).toEqual({ kind: 'schedule', id: 's' })
    expect(effectOf({ type: 'ScheduleDeleted', data: { schedule_id: 's' } })).toEqual({
      kind: 'schedule gone',
      id: 's',
    })
  })

  it('of a run names the run', () => {
    expect(effectOf({ type: 'CallCompleted', data: { run_id: 'r' } })).toEqual({
      kind: 'run',
      id: 'r',
    })
  })

  it('of neither is nothing to this page', () => {
    expect(effectOf({ type: 'UserLoggedIn', data: { user_id: 'u' } })).toEqual({ kind: 'none' })
  })
})
