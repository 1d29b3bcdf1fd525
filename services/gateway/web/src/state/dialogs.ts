/** Whether a dialog is open: the page behind it is then out of reach. */
import { computed, nextTick, onScopeDispose, ref } from 'vue'

const open = ref(0)

export const dialogOpen = computed(() => open.value > 0)

/** For as long as the scope lives; then the focus goes back to where it was. */
export function useDialog(): void {
  const focused = document.activeElement
  open.value += 1
  onScopeDispose(() => {
    open.value -= 1
    void nextTick(() => {
      if (focused instanceof HTMLElement) focused.focus()
    })
  })
}
