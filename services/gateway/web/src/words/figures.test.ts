import { expect, it } from 'vitest'
import { countText, millisecondsText, plural, speedText } from './figures'
import { targetText } from './target'

it('shows what is unknown as two dashes, and zero as zero', () => {
  expect([millisecondsText(null), countText(null), speedText(undefined)]).toEqual([
    '--',
    '--',
    '--',
  ])
  expect([millisecondsText(0), countText(0)]).toEqual(['0 ms', '0'])
})

it('changes from milliseconds to seconds at one second', () => {
  expect([millisecondsText(999.2), millisecondsText(1000)]).toEqual(['999 ms', '1.00 s'])
})

it('counts in English', () => {
  expect([plural(0, 'model'), plural(1, 'model'), plural(2, 'model')]).toEqual([
    '0 models',
    '1 model',
    '2 models',
  ])
})

it('names what a schedule runs: models by number, an agent or a job by name', () => {
  const nothing = { models: null, agent_name: null, job_key: null, job: null }
  const job = { key: 'log_triage', display_name: 'Log triage' }
  expect(targetText({ ...nothing, kind: 'benchmark', models: ['a/b', 'a/c'] })).toBe('2 models')
  expect(targetText({ ...nothing, kind: 'agent', agent_name: 'my-agent' })).toBe('my-agent')
  expect(targetText({ ...nothing, kind: 'job', job_key: 'log_triage', job })).toBe('Log triage')
})
