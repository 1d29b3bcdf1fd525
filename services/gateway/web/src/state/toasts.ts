/** Short messages at the edge of the page. */
import { ref } from 'vue'
import { Refusal } from '../api/client'

export interface Toast {
  id: number
  kind: 'success' | 'error'
  text: string
}

const SUCCESS_MS = 5_000
const ERROR_MS = 10_000

export const toasts = ref<Toast[]>([])
let last = 0

export function succeeded(text: string): void {
  show('success', text, SUCCESS_MS)
}

/** Shows the server's own words where it gave any, else `otherwise`. Other errors rise. */
export function refused(error: unknown, otherwise: string): void {
  if (!(error instanceof Refusal)) throw error
  complain(error.detail ?? otherwise)
}

export function complain(text: string): void {
  show('error', text, ERROR_MS)
}

export function dismiss(id: number): void {
  toasts.value = toasts.value.filter((toast) => toast.id !== id)
}

function show(kind: Toast['kind'], text: string, forMs: number): void {
  const id = ++last
  toasts.value = [...toasts.value.slice(-3), { id, kind, text }]
  setTimeout(() => {
    dismiss(id)
  }, forMs)
}
