import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { Live, type Hooks } from './live'

class FakeSocket {
  static opened: FakeSocket[] = []
  onopen: (() => void) | null = null
  onmessage: ((message: { data: string }) => void) | null = null
  onclose: ((close: { code: number }) => void) | null = null
  sent: string[] = []

  constructor(readonly url: string) {
    FakeSocket.opened.push(this)
  }

  send(text: string) {
    this.sent.push(text)
  }

  close() {
    this.onclose?.({ code: 1000 })
  }

  says(frame: object) {
    this.onmessage?.({ data: JSON.stringify(frame) })
  }
}

const sync = { type: 'sync', resume: 'log-1:40', position: 40 }
const started = (position: number) => ({
  logid: 'log-1',
  position,
  event: { type: 'RunStarted', data: { run_id: 'r' } },
})

const hooks = () =>
  ({
    happened: vi.fn(),
    refresh: vi.fn(),
    restart: vi.fn(),
    statusChanged: vi.fn(),
    refused: vi.fn(),
  }) satisfies Hooks

function open(heard: Hooks): Live {
  const live = new Live('ws://here/ws', 'secret', heard)
  live.start()
  return live
}

function last(): FakeSocket {
  return FakeSocket.opened.at(-1) as FakeSocket
}

beforeEach(() => {
  FakeSocket.opened = []
  vi.useFakeTimers()
  vi.stubGlobal('WebSocket', FakeSocket)
  vi.spyOn(Math, 'random').mockReturnValue(1)
})

afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

it('says who it is with its first message, and never in the address', () => {
  open(hooks())
  last().onopen?.()
  expect(last().sent).toEqual(['Bearer secret'])
  expect(last().url).toBe('ws://here/ws')
})

it('reads everything once when it begins, and then hears events', () => {
  const heard = hooks()
  open(heard)
  last().says(sync)
  last().says(started(41))
  expect(heard.refresh.mock.calls).toEqual([[40]])
  expect(heard.happened.mock.calls).toEqual([[{ type: 'RunStarted', data: { run_id: 'r' } }, 41]])
  expect(heard.statusChanged).toHaveBeenLastCalledWith('live')
})

it('comes back with the last position it saw, without reading everything again', () => {
  const heard = hooks()
  open(heard)
  last().says(sync)
  last().says({ position: 43 })
  last().onclose?.({ code: 1006 })
  expect(heard.statusChanged).toHaveBeenLastCalledWith('cut')
  vi.advanceTimersByTime(1000)
  expect(last().url).toBe('ws://here/ws?resume=log-1%3A43')
  last().says({ ...sync, resume: 'log-1:50', position: 50 })
  last().says(started(44))
  expect(heard.refresh).toHaveBeenCalledTimes(1)
  expect(heard.happened).toHaveBeenLastCalledWith(expect.anything(), 44)
})

it('reads everything again after a reset', () => {
  const heard = hooks()
  open(heard)
  last().says(sync)
  last().says({ type: 'reset', reason: 'unknown log', resume: 'log-2:3', position: 3 })
  expect(heard.restart.mock.calls).toEqual([[3]])
  last().onclose?.({ code: 1006 })
  vi.advanceTimersByTime(1000)
  expect(last().url).toContain('log-2%3A3')
})

it('takes 15 s of silence for a dead connection', () => {
  const heard = hooks()
  open(heard)
  last().says(sync)
  vi.advanceTimersByTime(14_999)
  last().says({ position: 41 })
  vi.advanceTimersByTime(14_999)
  expect(FakeSocket.opened).toHaveLength(1)
  vi.advanceTimersByTime(1_001)
  expect(FakeSocket.opened).toHaveLength(2)
})

it('backs off, and says when the connection is lost', () => {
  const heard = hooks()
  open(heard)
  for (const wait of [1000, 2000, 4000, 8000]) {
    last().onclose?.({ code: 1006 })
    expect(heard.statusChanged).toHaveBeenLastCalledWith('cut')
    const before = FakeSocket.opened.length
    vi.advanceTimersByTime(wait - 1)
    expect(FakeSocket.opened).toHaveLength(before)
    vi.advanceTimersByTime(1)
    expect(FakeSocket.opened).toHaveLength(before + 1)
  }
  last().onclose?.({ code: 1006 })
  expect(heard.statusChanged).toHaveBeenLastCalledWith('lost')
})

it('does not come back with a token that was refused', () => {
  const heard = hooks()
  open(heard)
  last().onclose?.({ code: 4001 })
  vi.advanceTimersByTime(60_000)
  expect(heard.refused).toHaveBeenCalledOnce()
  expect(FakeSocket.opened).toHaveLength(1)
})

it('stays closed once stopped', () => {
  open(hooks()).stop()
  vi.advanceTimersByTime(60_000)
  expect(FakeSocket.opened).toHaveLength(1)
})
