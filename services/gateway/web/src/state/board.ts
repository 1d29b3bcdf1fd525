/** The schedules page's state: rows that follow the log, and what a user does to them. */
import { computed, onScopeDispose, ref } from 'vue'
import { Refusal } from '../api/client'
import type { Schedule } from '../api/shapes'
import { effectOf } from '../effects'
import type { LogEvent } from '../frames'
import { gateway } from './gateway'
import { liveStatus, useLive } from './live'
import { createRuns } from './runs'
import { createSchedules } from './schedules'
import { refused, succeeded } from './toasts'

const POLL_MS = 4_000 // and what is read then is shown within 5 s

export function useBoard() {
  const stale = ref(false)
  const busy = ref<ReadonlySet<string>>(new Set())
  const schedules = createSchedules(gateway, unread)
  const runs = createRuns(gateway, unread)
  const rows = computed(() => schedules.ledger.rows.value.map(asOfItsRun))

  useLive({ happened, restart, refresh: (position) => void reload(position) })
  const timer = setInterval(() => {
    if (stale.value || liveStatus.value !== 'live') void reload()
  }, POLL_MS)
  onScopeDispose(() => {
    clearInterval(timer)
  })

  /** A run's own row is the newer one: its events do not touch the schedule. */
  function asOfItsRun(row: Schedule): Schedule {
    const last = runs.ledger.rows.value.find((run) => run.id === row.last_run_id)
    return last ? { ...row, last_run_status: last.status } : row
  }

  async function reload(position = 0): Promise<void> {
    try {
      await Promise.all([schedules.load(position), runs.load(position)])
      stale.value = false
    } catch (error) {
      unread(error)
    }
  }

  function restart(position: number): void {
    schedules.ledger.restart()
    runs.ledger.restart()
    void reload(position)
  }

  /** What could not be read is read again with the next poll. */
  function unread(error: unknown): void {
    if (!(error instanceof Refusal)) throw error
    stale.value = true
  }

  function happened(event: LogEvent, position: number): void {
    const effect = effectOf(event)
    if (effect.kind === 'schedule') schedules.refresher.want(effect.id, position)
    if (effect.kind === 'schedule gone') schedules.ledger.forget(effect.id, position)
    if (effect.kind === 'run') runs.refresher.want(effect.id, position)
  }

  /** One action per schedule at a time; true when the server did it. */
  async function act(id: string, action: () => Promise<string>, otherwise: string) {
    busy.value = new Set([...busy.value, id])
    try {
      succeeded(await action())
      return true
    } catch (error) {
      refused(error, otherwise)
      return false
    } finally {
      busy.value = new Set([...busy.value].filter((other) => other !== id))
    }
  }

  function flip({ id, enabled }: Schedule): Promise<boolean> {
    return act(
      id,
      async () => {
        schedules.ledger.put(await gateway.enable(id, !enabled))
        return enabled ? 'Schedule paused' : 'Schedule enabled'
      },
      'Failed to update schedule',
    )
  }

  function run({ id }: Schedule): Promise<boolean> {
    return act(
      id,
      async () => {
        await gateway.trigger(id)
        return 'Schedule triggered - benchmark starting'
      },
      'Failed to trigger schedule',
    )
  }

  function remove({ id }: Schedule): Promise<boolean> {
    return act(
      id,
      async () => {
        schedules.ledger.forget(id, await gateway.remove(id))
        return 'Schedule deleted'
      },
      'Failed to delete schedule',
    )
  }

  async function more(): Promise<void> {
    try {
      await schedules.more()
    } catch (error) {
      unread(error)
    }
  }

  return { rows, schedules, runs, busy, reload, more, flip, run, remove }
}
