/**
 * Rows read at different positions of the log, of which the newest reading of each wins.
 *
 * Answers may arrive in another order than they were read in: a list asked for before an event can
 * come after the row that the event changed. Each row remembers the position it was read at, also
 * once it is gone, so that nothing older replaces it.
 */
import { shallowRef } from 'vue'

export interface Reading<Row> {
  row: Row
  position: number
}

interface Dated {
  id: string
  created_at: string
}

export class Ledger<Row extends Dated> {
  readonly rows = shallowRef<readonly Row[]>([])
  private readonly readAt = new Map<string, number>()

  constructor(private readonly most = Infinity) {}

  put({ row, position }: Reading<Row>): void {
    if (this.isNewer(row.id, position)) return
    this.readAt.set(row.id, position)
    this.show([row, ...this.without(row.id)])
  }

  forget(id: string, position: number): void {
    if (this.isNewer(id, position)) return
    this.readAt.set(id, position)
    this.show(this.without(id))
  }

  /** A whole list: what is not in it is gone, unless it was read later than the list. */
  replace(list: readonly Row[], position: number): void {
    const kept = this.rows.value.filter((row) => this.isNewer(row.id, position))
    const taken = list.filter((row) => !this.isNewer(row.id, position))
    for (const [id, at] of this.readAt) if (at <= position) this.readAt.delete(id)
    for (const row of taken) this.readAt.set(row.id, position)
    this.show([...kept, ...taken])
  }

  /** Another log begins: no position read so far means anything any more. */
  restart(): void {
    this.readAt.clear()
  }

  /** More of a list, further down. */
  add(list: readonly Row[], position: number): void {
    for (const row of list) this.put({ row, position })
  }

  private isNewer(id: string, position: number): boolean {
    return (this.readAt.get(id) ?? -1) > position
  }

  private without(id: string): Row[] {
    return this.rows.value.filter((row) => row.id !== id)
  }

  private show(rows: Row[]): void {
    const newestFirst = rows.sort((a, b) => b.created_at.localeCompare(a.created_at))
    this.rows.value = newestFirst.slice(0, this.most)
  }
}
