/** The latest runs, newest first, as they happen. */
import { ref } from 'vue'
import type { Requests } from '../api/requests'
import type { Run } from '../api/shapes'
import { Ledger } from '../ledger'
import { Refresher } from '../refresher'
import type { Phase } from './schedules'

const SHOWN = 25

export function createRuns(gateway: Requests, failed: (error: unknown) => void) {
  const ledger = new Ledger<Run>(SHOWN)
  const phase = ref<Phase>('loading')
  const refresher = new Refresher(async (id, position) => {
    ledger.put(await gateway.run(id, position))
  }, failed)

  async function load(position: number): Promise<void> {
    try {
      const page = await gateway.runs({ limit: SHOWN, position })
      ledger.replace(page.items, page.position)
      phase.value = 'ready'
    } catch (error) {
      if (phase.value === 'loading') phase.value = 'failed'
      throw error
    }
  }

  return { ledger, phase, load, refresher }
}
