/** Which rows of the page an event changes. */
import type { LogEvent } from './frames'

export type Effect =
  | { kind: 'schedule'; id: string }
  | { kind: 'schedule gone'; id: string }
  | { kind: 'run'; id: string }
  | { kind: 'none' }

export function effectOf(event: LogEvent): Effect {
  const { run_id: run, schedule_id: schedule } = event.data
  if (event.type === 'ScheduleDeleted' && typeof schedule === 'string')
    return { kind: 'schedule gone', id: schedule }
  if (typeof schedule === 'string') return { kind: 'schedule', id: schedule }
  if (typeof run === 'string') return { kind: 'run', id: run }
  return { kind: 'none' }
}
