/** A schedule being written: what is still missing, and the request it becomes. */
import type { FieldError, NewSchedule } from './api/shapes'
import type { Choice } from './models'

export const CRON = 'cron'

export interface Draft {
  name: string
  prompt: string
  interval: string // whole hours, or CRON
  cron: string
  timezone: string
  maxTokens: number | ''
  temperature: number | ''
  models: Choice
}

export type Field =
  'name' | 'prompt' | 'interval' | 'timezone' | 'max_tokens' | 'temperature' | 'models'
export type Problems = Partial<Record<Field, string>>

export function emptyDraft(timezone: string): Draft {
  return {
    name: '',
    prompt: '',
    interval: '24',
    cron: '0 9 * * *',
    timezone,
    maxTokens: 512,
    temperature: 0.7,
    models: new Set(),
  }
}

/** The first thing missing, or null: everything else is the server's to judge. */
export function missing(draft: Draft): { field: Field; text: string } | null {
  if (draft.name.trim() === '') return { field: 'name', text: 'Please enter a schedule name' }
  if (draft.prompt.trim() === '') return { field: 'prompt', text: 'Please enter a prompt' }
  if (draft.models.size === 0) return { field: 'models', text: 'Please select at least one model' }
  return null
}

export function requestOf(draft: Draft): NewSchedule {
  return {
    name: draft.name.trim(),
    prompt: draft.prompt,
    models: [...draft.models],
    ...(draft.maxTokens !== '' && { max_tokens: draft.maxTokens }),
    ...(draft.temperature !== '' && { temperature: draft.temperature }),
    ...(draft.interval === CRON
      ? { cron_expression: draft.cron.trim(), timezone: draft.timezone }
      : { interval_hours: Number(draft.interval) }),
  }
}

/** The server's words, at the fields they name; what names none of them is left to the toast. */
export function problemsOf(errors: readonly FieldError[]): Problems {
  const problems: Problems = {}
  for (const { field, message } of errors) {
    const place = placeOf(field)
    if (place !== null) problems[place] ??= message
  }
  return problems
}

const PLACES: Record<string, Field> = {
  name: 'name',
  prompt: 'prompt',
  models: 'models',
  max_tokens: 'max_tokens',
  temperature: 'temperature',
  timezone: 'timezone',
  interval_hours: 'interval',
  cron_expression: 'interval',
}

function placeOf(field: string): Field | null {
  const first = field.split(/[.[]/)[0] ?? ''
  return PLACES[first] ?? null
}
