/** The requests this page makes, by name. */
import type { Reading } from '../ledger'
import { freshKey, type Answer, type Client } from './client'
import type { Config, NewSchedule, Page, Run, Schedule, User } from './shapes'

interface Account {
  email: string
  password: string
}

interface Entered {
  user: User
  access_token: string
}

interface Schedules {
  schedules: Schedule[]
  next_cursor: string | null
}

interface Runs {
  runs: Run[]
  next_cursor: string | null
}

export function requests({ ask }: Client) {
  return {
    async enter(door: 'login' | 'register', account: Account) {
      const { body } = await ask<Entered>(`/api/auth/${door}`, posted(account))
      return { token: body.access_token, user: body.user }
    },
    async config(): Promise<Config> {
      return (await ask<Config>('/api/config')).body
    },
    async schedules(at: At & { limit: number; cursor?: string }): Promise<Page<Schedule>> {
      const { body, position } = await ask<Schedules>(`/api/schedules${query({ ...at })}`)
      return { items: body.schedules, next: body.next_cursor, position }
    },
    async schedule(id: string, position: number): Promise<Reading<Schedule>> {
      return reading(await ask<Schedule>(one('schedules', id) + query({ position })))
    },
    async create(schedule: NewSchedule, key: string): Promise<Reading<Schedule>> {
      return reading(await ask<Schedule>('/api/schedules', { ...posted(schedule), key }))
    },
    async enable(id: string, enabled: boolean): Promise<Reading<Schedule>> {
      const change = { method: 'PUT', body: { enabled } } as const
      return reading(await ask<Schedule>(one('schedules', id), change))
    },
    async trigger(id: string): Promise<void> {
      await ask(`${one('schedules', id)}/trigger`, { method: 'POST', key: freshKey() })
    },
    /** The position as of which it is gone. */
    async remove(id: string): Promise<number> {
      return (await ask(one('schedules', id), { method: 'DELETE' })).position
    },
    async runs(at: At & { limit: number }): Promise<Page<Run>> {
      const asked = query({ ...at, include: 'skipped' })
      const { body, position } = await ask<Runs>(`/api/runs${asked}`)
      return { items: body.runs, next: body.next_cursor, position }
    },
    async run(id: string, position: number): Promise<Reading<Run>> {
      return reading(await ask<Run>(one('runs', id) + query({ position })))
    },
  }
}

export type Requests = ReturnType<typeof requests>

/** Reads wait until they show this position; 0 waits for nothing. */
interface At {
  position?: number
}

function posted(body: unknown) {
  return { method: 'POST', body } as const
}

function reading<Row>({ body, position }: Answer<Row>): Reading<Row> {
  return { row: body, position }
}

function one(kind: 'schedules' | 'runs', id: string): string {
  return `/api/${kind}/${encodeURIComponent(id)}`
}

function query({ position, ...rest }: At & Record<string, string | number>): string {
  const wanted = position ? { ...rest, min_position: position } : rest
  const text = Object.entries(wanted).map(([name, value]) => [name, String(value)])
  return text.length > 0 ? `?${new URLSearchParams(text).toString()}` : ''
}
