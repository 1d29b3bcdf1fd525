import { expect, it, vi } from 'vitest'
import { connect, freshKey, Refusal } from './client'
import { requests } from './requests'

function answering(status: number, body: string, headers: Record<string, string> = {}) {
  const fetching = vi.fn<typeof fetch>()
  fetching.mockImplementation(() => Promise.resolve(new Response(body, { status, headers })))
  vi.stubGlobal('fetch', fetching)
  return fetching
}

const never = vi.fn()

it('carries the token, and tells the position its answer was read at', async () => {
  const fetching = answering(200, '{"schedules": [], "next_cursor": null}', {
    'X-Log-Position': '12',
  })
  const page = await requests(connect(() => 'tok', never)).schedules({ limit: 5, position: 9 })
  expect(page.position).toBe(12)
  const [path, init] = fetching.mock.calls[0] ?? []
  expect(path).toBe('/api/schedules?limit=5&min_position=9')
  expect(new Headers(init?.headers).get('Authorization')).toBe('Bearer tok')
})

it('raises the words of the problem document', async () => {
  const errors = [{ field: 'interval_hours', message: 'too short' }]
  answering(422, JSON.stringify({ detail: 'Interval must be at least 5 minutes', errors }))
  const asked = connect(() => 'tok', never).ask('/api/schedules')
  await expect(asked).rejects.toMatchObject({
    status: 422,
    detail: 'Interval must be at least 5 minutes',
    errors,
  })
})

it('has no words for a page that is no problem document, nor for a broken line', async () => {
  answering(502, '<html>Bad gateway</html>')
  const client = connect(() => null, never)
  await expect(client.ask('/x')).rejects.toMatchObject({ status: 502, detail: null })
  vi.stubGlobal('fetch', () => Promise.reject(new TypeError('Failed to fetch')))
  await expect(client.ask('/x')).rejects.toEqual(new Refusal(0, null))
})

it('hears of a refused token, but not of a wrong password', async () => {
  answering(401, '{"detail": "Token expired"}')
  const heard = vi.fn()
  await expect(connect(() => null, heard).ask('/api/auth/login')).rejects.toThrow('Token expired')
  expect(heard).not.toHaveBeenCalled()
  await expect(connect(() => 'old', heard).ask('/api/schedules')).rejects.toThrow('Token expired')
  expect(heard).toHaveBeenCalledOnce()
})

it('draws a new key each time', () => {
  expect(freshKey()).toMatch(/^[0-9a-f]{32}$/)
  expect(freshKey()).not.toBe(freshKey())
})
