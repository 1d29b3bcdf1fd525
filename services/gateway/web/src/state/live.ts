/** One live connection per session; pages listen to it while they are open. */
import { onScopeDispose, ref, watch } from 'vue'
import { Live, type Listener, type LiveStatus } from '../live'
import { leave, token } from './session'

export const liveStatus = ref<LiveStatus>('connecting')

const listeners = new Set<Listener>()

/** Keeps the connection of whoever is logged in, until the scope ends. */
export function keepLive(): void {
  let live: Live | null = null
  watch(
    token,
    (bearer) => {
      live?.stop()
      liveStatus.value = 'connecting'
      live = bearer === null ? null : opened(bearer)
    },
    { immediate: true },
  )
  onScopeDispose(() => live?.stop())
}

export function useLive(listener: Listener): void {
  listeners.add(listener)
  onScopeDispose(() => listeners.delete(listener))
}

function opened(bearer: string): Live {
  const address = location.origin.replace(/^http/, 'ws') + '/ws'
  const live = new Live(address, bearer, {
    happened: (event, position) => {
      for (const listener of listeners) listener.happened(event, position)
    },
    refresh: (position) => {
      for (const listener of listeners) listener.refresh(position)
    },
    restart: (position) => {
      for (const listener of listeners) listener.restart(position)
    },
    statusChanged: (status) => (liveStatus.value = status),
    refused: leave,
  })
  live.start()
  return live
}
