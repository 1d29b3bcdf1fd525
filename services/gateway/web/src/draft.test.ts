import { describe, expect, it } from 'vitest'
import { emptyDraft, missing, problemsOf, requestOf } from './draft'

const whole = () => ({
  ...emptyDraft('Europe/Berlin'),
  name: '  Nightly ',
  prompt: 'Say hi.',
  models: new Set(['near/small']),
})

describe('a draft', () => {
  it('asks for name, prompt and models, one after the other', () => {
    expect(missing(emptyDraft('UTC'))?.text).toBe('Please enter a schedule name')
    expect(missing({ ...whole(), prompt: ' ' })?.text).toBe('Please enter a prompt')
    expect(missing({ ...whole(), models: new Set() })?.text).toBe(
      'Please select at least one model',
    )
    expect(missing(whole())).toBeNull()
  })

  it('becomes a request with exactly one timing form', () => {
    expect(requestOf(whole())).toEqual({
      name: 'Nightly',
      prompt: 'Say hi.',
      models: ['near/small'],
      max_tokens: 512,
      temperature: 0.7,
      interval_hours: 24,
    })
    expect(requestOf({ ...whole(), interval: 'cron', cron: ' 0 9 * * 1 ' })).toMatchObject({
      cron_expression: '0 9 * * 1',
      timezone: 'Europe/Berlin',
    })
    expect(requestOf({ ...whole(), interval: 'cron' })).not.toHaveProperty('interval_hours')
  })

  it('leaves an emptied number to the server', () => {
    const request = requestOf({ ...whole(), maxTokens: '', temperature: '' })
    expect(request).not.toHaveProperty('max_tokens')
    expect(request).not.toHaveProperty('temperature')
  })
})

describe('a refusal', () => {
  it('puts each text at the field it names, the first one where there are two', () => {
    const problems = problemsOf([
      { field: 'cron_expression', message: 'Invalid cron expression: 61' },
      { field: 'models.0', message: 'Unknown model x' },
      { field: 'models.1', message: 'Unknown model y' },
      { field: 'elsewhere', message: 'ignored' },
    ])
    expect(problems).toEqual({
      interval: 'Invalid cron expression: 61',
      models: 'Unknown model x',
    })
  })
})
