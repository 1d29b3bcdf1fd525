import { flushPromises, mount, type DOMWrapper, type VueWrapper } from '@vue/test-utils'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import ToastList from '../parts/ToastList.vue'
import { toasts } from '../state/toasts'
import SchedulesPage from './SchedulesPage.vue'

const nightly = {
  id: 'a3c1',
  name: '<b>Nightly</b>',
  kind: 'benchmark',
  enabled: true,
  models: ['near/small', 'near/large'],
  agent_name: null,
  job_key: null,
  job: null,
  interval_hours: 24,
  interval_minutes: 1440,
  cron_expression: null,
  timezone: null,
  spec: null,
  created_at: '2026-11-20T09:00:00Z',
  last_run: null,
  next_run: null,
  last_run_id: null,
  last_run_status: null,
}

let answers: Record<string, () => Response>
let page: VueWrapper

const json = (status: number, body: object) => () => new Response(JSON.stringify(body), { status })
const list = (...schedules: object[]) => json(200, { schedules, next_cursor: null })

beforeEach(() => {
  toasts.value = []
  answers = {
    'GET /api/schedules': list(nightly),
    'GET /api/runs': json(200, { runs: [], next_cursor: null }),
    'GET /api/config': json(200, { providers: { near: { models: [{ id: 'small' }] } } }),
  }
  vi.stubGlobal('fetch', (path: string, init: RequestInit) => {
    const answer = answers[`${init.method ?? ''} ${path.split('?')[0] ?? ''}`]
    return answer ? Promise.resolve(answer()) : Promise.reject(new TypeError('Failed to fetch'))
  })
})

afterEach(() => {
  page.unmount()
})

async function opened(): Promise<VueWrapper> {
  page = mount(SchedulesPage, { attachTo: document.body, global: { stubs: { Teleport: true } } })
  await flushPromises()
  return page
}

async function press(text: string): Promise<void> {
  const button = page.findAll('button').find((each) => each.text() === text)
  await (button as DOMWrapper<HTMLButtonElement>).trigger('click')
  await flushPromises()
}

const shown = () => mount(ToastList).text()

it('shows a name as text, not as markup', async () => {
  await opened()
  expect(page.find('tbody').text()).toContain('<b>Nightly</b>')
  expect(page.find('tbody b').exists()).toBe(false)
})

it('invites to create the first schedule', async () => {
  answers['GET /api/schedules'] = list()
  await opened()
  expect(page.text()).toContain('No schedules yet. Create one to automate recurring benchmarks.')
})

it('says that the schedules could not be read', async () => {
  delete answers['GET /api/schedules']
  await opened()
  expect(page.find('[role=alert]').text()).toContain('could not be read')
})

it('leaves the switch where it was when the server refuses, with the words of the server', async () => {
  answers['PUT /api/schedules/a3c1'] = json(503, { detail: 'The log cannot be reached' })
  await opened()
  await page.find('[role=switch]').trigger('click')
  await flushPromises()
  expect(page.find('[role=switch]').attributes('aria-checked')).toBe('true')
  expect(toasts.value.map((toast) => toast.kind)).toEqual(['error'])
  expect(shown()).toContain('The log cannot be reached')
})

it('flips the switch once the server has done it', async () => {
  answers['PUT /api/schedules/a3c1'] = json(200, { ...nightly, enabled: false })
  await opened()
  await page.find('[role=switch]').trigger('click')
  await flushPromises()
  expect(page.find('[role=switch]').attributes('aria-checked')).toBe('false')
  expect(shown()).toContain('Schedule paused')
})

it('has words of its own when the server gives none', async () => {
  await opened()
  await press('Run Now')
  expect(shown()).toContain('Failed to trigger schedule')
})

it('keeps the row when its deletion is refused', async () => {
  answers['DELETE /api/schedules/a3c1'] = json(404, { detail: 'Schedule not found' })
  await opened()
  await press('Del')
  expect(page.find('[role=dialog]').text()).toContain(
    'Delete schedule "<b>Nightly</b>"? This cannot be undone.',
  )
  await press('Delete')
  expect(shown()).toContain('Schedule not found')
  expect(page.findAll('tbody tr')).toHaveLength(1)
})

it('keeps the dialog open when saving is refused, with the text at its field', async () => {
  const text = 'A schedule with this name already exists'
  const errors = [{ field: 'name', message: text }]
  answers['POST /api/schedules'] = json(409, { detail: text, errors })
  await opened()
  await press('New Schedule')
  await press('Create Schedule')
  expect(shown()).toContain('Please enter a schedule name')
  await page.find('input').setValue('Nightly')
  await page.find('textarea').setValue('Say hi.')
  await press('All')
  await press('Create Schedule')
  expect(page.find('[role=dialog] .problem').text()).toBe(text)
  expect(page.find('input').attributes('aria-invalid')).toBe('true')
})
