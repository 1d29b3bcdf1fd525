import { describe, expect, it } from 'vitest'
import { Ledger } from './ledger'

interface Row {
  id: string
  created_at: string
  name: string
}

const row = (id: string, name = id): Row => ({ id, name, created_at: `2026-11-21T12:00:0${id}Z` })
const names = (ledger: Ledger<Row>) => ledger.rows.value.map((each) => each.name)

describe('a ledger', () => {
  it('shows the newest first, however they arrived', () => {
    const ledger = new Ledger<Row>()
    for (const id of ['1', '3', '2']) ledger.put({ row: row(id), position: 1 })
    expect(names(ledger)).toEqual(['3', '2', '1'])
  })

  it('keeps no more than it should', () => {
    const ledger = new Ledger<Row>(2)
    for (const id of ['1', '3', '2']) ledger.put({ row: row(id), position: 1 })
    expect(names(ledger)).toEqual(['3', '2'])
  })

  it('ignores a row older than the one it has', () => {
    const ledger = new Ledger<Row>()
    ledger.put({ row: row('1', 'new'), position: 9 })
    ledger.put({ row: row('1', 'old'), position: 8 })
    expect(names(ledger)).toEqual(['new'])
  })

  it('takes a list, but neither over a later reading nor against a later deletion', () => {
    const ledger = new Ledger<Row>()
    ledger.replace([row('1'), row('2'), row('3')], 5)
    ledger.put({ row: row('4', 'created later'), position: 9 })
    ledger.put({ row: row('1', 'changed later'), position: 8 })
    ledger.forget('2', 7)
    ledger.replace([row('1'), row('2')], 6)
    expect(names(ledger)).toEqual(['created later', 'changed later'])
  })

  it('gives way to a list that was read later', () => {
    const ledger = new Ledger<Row>()
    ledger.put({ row: row('1', 'old'), position: 3 })
    ledger.forget('2', 4)
    ledger.replace([row('2', 'back'), row('1', 'new')], 5)
    expect(names(ledger)).toEqual(['back', 'new'])
  })

  it('takes any list once another log begins', () => {
    const ledger = new Ledger<Row>()
    ledger.put({ row: row('1', 'of the old log'), position: 900 })
    ledger.restart()
    ledger.replace([row('2', 'of the new log')], 3)
    expect(names(ledger)).toEqual(['of the new log'])
  })

  it('adds what comes further down', () => {
    const ledger = new Ledger<Row>()
    ledger.replace([row('3')], 5)
    ledger.add([row('1'), row('3', 'older')], 4)
    expect(names(ledger)).toEqual(['3', '1'])
  })
})
