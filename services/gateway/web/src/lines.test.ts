import { describe, expect, it } from 'vitest'
import type { Result, Run } from './api/shapes'
import { linesOf } from './lines'

const run: Run = {
  id: 'r',
  status: 'running',
  triggered_by: 'schedule',
  schedule_id: 's',
  schedule_name: 'Nightly',
  created_at: '2026-11-21T12:00:00Z',
  started_at: null,
  completed_at: null,
  waits_for: [],
  error: null,
  targets: [
    { provider: 'near', model: 'small', display_name: 'Small' },
    { provider: 'far', model: 'small', display_name: null },
  ],
  results: [],
}

const answer: Result = {
  provider: 'far',
  model: 'small',
  model_id: 'small',
  success: true,
  error: null,
  ttft_ms: 80,
  latency_ms: 900,
  input_tokens: 4,
  output_tokens: 90,
  output_speed_tps: 110,
}

const kinds = (of: Run) => linesOf(of).map((line) => `${line.kind} ${line.id}`)

describe('a run that is going', () => {
  it('shows each model in its place, answered or not', () => {
    expect(kinds(run)).toEqual(['awaited near/small', 'awaited far/small'])
    expect(kinds({ ...run, results: [answer] })).toEqual(['awaited near/small', 'answer far/small'])
  })

  it('says what it waits for while it is queued', () => {
    const queued: Run = { ...run, status: 'queued', targets: [], waits_for: ['user', 'schedule'] }
    expect(linesOf(queued)).toMatchObject([{ kind: 'note', text: 'Waits for: user, schedule' }])
  })
})

describe('a run that is over', () => {
  const failed = { ...answer, success: false, error: 'far/small: refused' }

  it('shows what each model answered, and awaits nothing more', () => {
    expect(kinds({ ...run, status: 'success', results: [answer] })).toEqual(['answer far/small'])
  })

  it('says an error once, at its model', () => {
    const over: Run = { ...run, status: 'failed', error: 'far/small: refused', results: [failed] }
    expect(kinds(over)).toEqual(['error far/small'])
  })

  it('says the error of the run itself below what its models answered', () => {
    const lost: Run = {
      ...run,
      status: 'interrupted',
      error: 'the runner was lost',
      results: [answer],
    }
    expect(linesOf(lost)[1]).toEqual({
      kind: 'note',
      id: 'error',
      text: 'the runner was lost',
      bad: true,
    })
  })

  it('says why it was skipped, which is nothing bad', () => {
    const skipped: Run = { ...run, status: 'skipped', error: 'a run is still going' }
    expect(linesOf(skipped)).toMatchObject([{ text: 'a run is still going', bad: false }])
  })
})
