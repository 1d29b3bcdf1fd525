import { expect, it, vi } from 'vitest'
import { Refresher } from './refresher'

function slowly() {
  const calls: { id: string; position: number; done: () => void }[] = []
  const read = (id: string, position: number) =>
    new Promise<void>((done) => calls.push({ id, position, done }))
  return { calls, read }
}

it('answers a burst with one more request, as of the last of it', async () => {
  const { calls, read } = slowly()
  const refresher = new Refresher(read, vi.fn())
  for (const position of [1, 2, 4, 3]) refresher.want('a', position)
  expect(calls.map((call) => call.position)).toEqual([1])
  calls[0]?.done()
  await vi.waitFor(() => {
    expect(calls.map((call) => call.position)).toEqual([1, 4])
  })
})

it('keeps rows apart', () => {
  const { calls, read } = slowly()
  const refresher = new Refresher(read, vi.fn())
  refresher.want('a', 1)
  refresher.want('b', 2)
  expect(calls.map((call) => call.id)).toEqual(['a', 'b'])
})

it('says what failed, and asks again when the row changes again', async () => {
  const failed = vi.fn()
  const read = vi.fn().mockRejectedValueOnce(new Error('away')).mockResolvedValue(undefined)
  const refresher = new Refresher(read, failed)
  refresher.want('a', 1)
  await vi.waitFor(() => {
    expect(failed).toHaveBeenCalledOnce()
  })
  refresher.want('a', 2)
  expect(read).toHaveBeenCalledTimes(2)
})
