/** Who is logged in, for as long as this tab lives. */
import { computed, ref } from 'vue'
import type { User } from '../api/shapes'

const PLACE = 'tickmark.session'

interface Session {
  token: string
  user: User
}

const session = ref<Session | null>(kept())

export const token = computed(() => session.value?.token ?? null)
export const user = computed(() => session.value?.user ?? null)

export function enter(entered: Session): void {
  session.value = entered
  sessionStorage.setItem(PLACE, JSON.stringify(entered))
}

export function leave(): void {
  session.value = null
  sessionStorage.removeItem(PLACE)
}

function kept(): Session | null {
  const text = sessionStorage.getItem(PLACE)
  return text === null ? null : (JSON.parse(text) as Session)
}
