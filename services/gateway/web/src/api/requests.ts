/** The requests this page makes, by name. */
import { freshKey, type Client } from './client'
import type { Config, NewSchedule, Page, Run, Schedule, User } from './shapes'

export interface Entered {
  token: string
  user: User
}

export function requests(client: Client) {
  const ask = client.ask.bind(client)
  return {
    async enter(door: 'login' | 'register', account: { email: string; password: string }) {
      const path = `/api/auth/${door}`
      const { body } = await ask<{ user: User; access_token: string }>(path, posted(account))
      return { token: body.access_token, user: body.user }
    },
    async config() {
      return (await ask<Config>('/api/config')).body
    },
    async schedules(at: { limit: number; cursor?: string; position?: number }) {
      type List = { schedules: Schedule[]; next_cursor: string | null }
      const { body, position } = await ask<List>(`/api/schedules?${query(at)}`)
      return page(body.schedules, body.next_cursor, position)
    },
    async schedule(id: string, position: number) {
      return (await ask<Schedule>(`${one('schedules', id)}?${query({ position })}`)).body
    },
    async create(schedule: NewSchedule, key: string) {
      return (await ask<Schedule>('/api/schedules', { ...posted(schedule), key })).body
    },
    async enable(id: string, enabled: boolean) {
      const change = { method: 'PUT', body: { enabled } } as const
      return (await ask<Schedule>(one('schedules', id), change)).body
    },
    async trigger(id: string) {
      await ask(`${one('schedules', id)}/trigger`, { method: 'POST', key: freshKey() })
    },
    async remove(id: string) {
      await ask(one('schedules', id), { method: 'DELETE' })
    },
    async runs(at: { limit: number; position?: number }) {
      type List = { runs: Run[]; next_cursor: string | null }
      const { body, position } = await ask<List>(`/api/runs?include=skipped&${query(at)}`)
      return page(body.runs, body.next_cursor, position)
    },
    async run(id: string, position: number) {
      return (await ask<Run>(`${one('runs', id)}?${query({ position })}`)).body
    },
  }
}

export type Requests = ReturnType<typeof requests>

function posted(body: unknown) {
  return { method: 'POST', body } as const
}

function one(kind: 'schedules' | 'runs', id: string): string {
  return `/api/${kind}/${encodeURIComponent(id)}`
}

function query(at: { limit?: number; cursor?: string; position?: number }): string {
  const { position, ...rest } = at
  const wanted = position ? { ...rest, min_position: position } : rest
  return new URLSearchParams(Object.entries(wanted).map(([k, v]) => [k, String(v)])).toString()
}

function page<Item>(items: Item[], next: string | null, position: number): Page<Item> {
  return { items, next, position }
}
