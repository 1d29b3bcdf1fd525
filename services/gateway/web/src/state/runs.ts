/** The latest runs, newest first, as they happen. */
import { ref } from 'vue'
import { Refusal } from '../api/client'
import type { Requests } from '../api/requests'
import type { Run } from '../api/shapes'
import { Refresher } from '../refresher'
import type { Phase } from './schedules'

const SHOWN = 25
export function createRuns(gateway: Requests, failed: (error: unknown) => void) {
  const rows = ref<Run[]>([])
  const phase = ref<Phase>('loading')
  const refresher = new Refresher(read, failed)

  async function load(position = 0): Promise<void> {
    try {
      rows.value = (await gateway.runs({ limit: SHOWN, position })).items
      phase.value = 'ready'
    } catch (error) {
      if (phase.value === 'loading') phase.value = 'failed'
      throw error
    }
  }

  async function read(id: string, position: number): Promise<void> {
    const run = await found(id, position)
    if (run === null) return
    rows.value = latest([run, ...rows.value.filter((row) => row.id !== id)])
  }

  async function found(id: string, position: number): Promise<Run | null> {
    try {
      return await gateway.run(id, position)
    } catch (error) {
      if (error instanceof Refusal && error.status === 404) return null
      throw error
    }
  }

  function refresh(id: string, position: number): void {
    refresher.want(id, position)
  }

  return { rows, phase, load, refresh }
}

export type Runs = ReturnType<typeof createRuns>

function latest(runs: Run[]): Run[] {
  return runs.sort((a, b) => b.created_at.localeCompare(a.created_at)).slice(0, SHOWN)
}
