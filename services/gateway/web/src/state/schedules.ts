/** The user's schedules as the table shows them. */
import { ref } from 'vue'
import { Refusal } from '../api/client'
import type { Requests } from '../api/requests'
import type { Schedule } from '../api/shapes'
import { Ledger } from '../ledger'
import { Refresher } from '../refresher'

const PAGE = 100
const MOST = 500

export type Phase = 'loading' | 'ready' | 'failed'

export function createSchedules(gateway: Requests, failed: (error: unknown) => void) {
  const ledger = new Ledger<Schedule>()
  const next = ref<string | null>(null)
  const phase = ref<Phase>('loading')
  const refresher = new Refresher(read, failed)

  /** As many rows as are shown, read anew. */
  async function load(position: number): Promise<void> {
    const limit = Math.min(MOST, Math.max(PAGE, ledger.rows.value.length))
    try {
      const page = await gateway.schedules({ limit, position })
      ledger.replace(page.items, page.position)
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
    ledger.add(page.items, page.position)
    next.value = page.next
  }

  async function read(id: string, position: number): Promise<void> {
    try {
      ledger.put(await gateway.schedule(id, position))
    } catch (error) {
      if (!(error instanceof Refusal && error.status === 404)) throw error
      ledger.forget(id, position)
    }
  }

  return { ledger, next, phase, load, more, refresher }
}
