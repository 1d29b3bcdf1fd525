/** The user's schedules as the table shows them. */
import { ref } from 'vue'
import { Refusal } from '../api/client'
import type { Requests } from '../api/requests'
import type { Schedule } from '../api/shapes'
import { Refresher } from '../refresher'

const PAGE = 100
const MOST = 500

export type Phase = 'loading' | 'ready' | 'failed'

export function createSchedules(gateway: Requests, failed: (error: unknown) => void) {
  const rows = ref<Schedule[]>([])
  const next = ref<string | null>(null)
  const phase = ref<Phase>('loading')
  const refresher = new Refresher(read, failed)

  /** As many rows as are shown, read anew. */
  async function load(position = 0): Promise<void> {
    const limit = Math.min(MOST, Math.max(PAGE, rows.value.length))
    try {
      const page = await gateway.schedules({ limit, position })
      rows.value = page.items
      next.value = page.next
      phase.value = 'ready'
    } catch (error) {
      if (phase.value === 'loading') phase.value = 'failed'
      throw error
    }
  }

  async function more(): Promise<void> {
    if (next.value === null) return
    const page = await gateway.schedules({ limit: PAGE, cursor: next.value })
    const known = new Set(rows.value.map((row) => row.id))
    rows.value = [...rows.value, ...page.items.filter((row) => !known.has(row.id))]
    next.value = page.next
  }

  async function read(id: string, position: number): Promise<void> {
    try {
      put(await gateway.schedule(id, position))
    } catch (error) {
      if (!(error instanceof Refusal && error.status === 404)) throw error
      forget(id)
    }
  }

  function put(row: Schedule): void {
    const at = rows.value.findIndex((other) => other.id === row.id)
    rows.value = at < 0 ? [row, ...rows.value] : rows.value.with(at, row)
  }

  function forget(id: string): void {
    rows.value = rows.value.filter((row) => row.id !== id)
  }

  function refresh(id: string, position: number): void {
    refresher.want(id, position)
  }

  return { rows, next, phase, load, more, put, forget, refresh }
}

export type Schedules = ReturnType<typeof createSchedules>
