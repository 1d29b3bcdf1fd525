/** One request to the gateway: JSON there and back, refusals as `Refusal`. */
import type { FieldError } from './shapes'

/** The gateway said no, or could not be reached (`status` 0, no `detail`). */
export class Refusal extends Error {
  constructor(
    readonly status: number,
    readonly detail: string | null,
    readonly errors: readonly FieldError[] = [],
  ) {
    super(detail ?? 'The server cannot be reached')
  }
}

export interface Answer<Body> {
  body: Body
  position: number
}

export interface Question {
  method?: 'GET' | 'POST' | 'PUT' | 'DELETE'
  body?: unknown
  key?: string
}

export interface Client {
  /** Raises `Refusal` for anything but a 2xx. */

  ask: <Body>(path: string, question?: Question) => Promise<Answer<Body>>
}

/** `onUnauthenticated` hears of each 401 to a request that carried a token. */
export function connect(token: () => string | null, onUnauthenticated: () => void): Client {
  return {
    async ask<Body>(path: string, question: Question = {}) {
      const sent = token()
      const response = await reach(path, question, sent)
      if (response.status === 401 && sent !== null) onUnauthenticated()
      if (!response.ok) throw await refusalOf(response)
      const position = Number(response.headers.get('X-Log-Position') ?? 0)
      return { body: (await response.json()) as Body, position }
    },
  }
}

/** A fresh `Idempotency-Key`: the same key never does a thing twice. */
export function freshKey(): string {
  const drawn = crypto.getRandomValues(new Uint8Array(16))
  return Array.from(drawn, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

async function reach(path: string, question: Question, token: string | null): Promise<Response> {
  const headers = new Headers({ Accept: 'application/json' })
  if (token !== null) headers.set('Authorization', `Bearer ${token}`)
  if (question.key !== undefined) headers.set('Idempotency-Key', question.key)
  const init: RequestInit = { method: question.method ?? 'GET', headers, cache: 'no-store' }
  if (question.body !== undefined) {
    headers.set('Content-Type', 'application/json')
    init.body = JSON.stringify(question.body)
  }
  try {
    return await fetch(path, init)
  } catch {
    throw new Refusal(0, null)
  }
}

async function refusalOf(response: Response): Promise<Refusal> {
  const text = await response.text()
  try {
    const problem = JSON.parse(text) as { detail?: unknown; errors?: FieldError[] }
    const detail = typeof problem.detail === 'string' ? problem.detail : null
    return new Refusal(response.status, detail, problem.errors ?? [])
  } catch {
    return new Refusal(response.status, null) // a proxy's page, not the gateway's problem document
  }
}
