/** The present, every second, for texts such as `in 5m`. */
import { onScopeDispose, readonly, ref, type Ref } from 'vue'

export function useNow(): Readonly<Ref<number>> {
  const now = ref(Date.now())
  const timer = setInterval(() => (now.value = Date.now()), 1_000)
  onScopeDispose(() => {
    clearInterval(timer)
  })
  return readonly(now)
}
