/**
 * Reads rows again as events name them: one request per row at a time.
 *
 * Events that arrive during a request are answered by one more, as of the last of them, so a burst
 * costs two requests and the row never goes back in time.
 */
export class Refresher {
  private readonly going = new Map<string, { wanted: number | null }>()

  constructor(
    private readonly read: (id: string, position: number) => Promise<void>,
    private readonly failed: (error: unknown) => void,
  ) {}

  want(id: string, position: number): void {
    const going = this.going.get(id)
    if (going) going.wanted = Math.max(going.wanted ?? 0, position)
    else void this.run(id, position)
  }

  private async run(id: string, position: number): Promise<void> {
    const going: { wanted: number | null } = { wanted: position }
    this.going.set(id, going)
    try {
      while (going.wanted !== null) {
        const wanted = going.wanted
        going.wanted = null
        await this.read(id, wanted)
      }
    } catch (error) {
      this.failed(error)
    } finally {
      this.going.delete(id)
    }
  }
}
