/** What a schedule runs, in one table cell. */
import type { Schedule } from '../api/shapes'
import { plural } from './figures'

type Action = Pick<Schedule, 'kind' | 'models' | 'agent_name' | 'job_key' | 'job'>

export function targetText({ kind, models, agent_name, job_key, job }: Action): string {
  const named = {
    benchmark: models && plural(models.length, 'model'),
    agent: agent_name,
    job: job?.display_name ?? job_key,
  }
  return named[kind] ?? '--'
}
