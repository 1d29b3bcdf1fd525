/**
 * The live connection: events as they happen, each once, across every reconnect.
 *
 * It proves who it is with its first message, so no token stands in a URL, and comes back with the
 * token of the last frame it saw. A connection without a frame for 15 s is taken for dead: the
 * gateway sends its position every 5 s when it has nothing else to say.
 */
import { delayMs, isLost } from './backoff'
import { advance, readFrame, type Frame, type LogEvent } from './frames'

export type LiveStatus = 'connecting' | 'live' | 'cut' | 'lost'

export interface Listener {
  /** An event of this user, at its position in the log. */
  happened(event: LogEvent, position: number): void
  /** Events may have been missed: read again what is shown, as of `position`. */
  refresh(position: number): void
  /** This is not the log it was: forget positions, and read everything anew. */
  restart(position: number): void
}

export interface Hooks extends Listener {
  statusChanged(status: LiveStatus): void
  /** The token is not, or no longer, good. */
  refused(): void
}

const SILENCE_MS = 15_000
const REFUSED = 4001

export class Live {
  private socket: WebSocket | null = null
  private token: string | null = null
  private attempt = 0
  private failures: number[] = []
  private timer: ReturnType<typeof setTimeout> | undefined

  constructor(
    private readonly url: string,
    private readonly bearer: string,
    private readonly hooks: Hooks,
  ) {}

  start(): void {
    const resume = this.token === null ? '' : `?resume=${encodeURIComponent(this.token)}`
    const socket = new WebSocket(this.url + resume)
    this.socket = socket
    socket.onopen = () => {
      socket.send(`Bearer ${this.bearer}`)
    }
    socket.onmessage = (message: MessageEvent<string>) => {
      this.take(readFrame(message.data))
    }
    socket.onclose = (close) => {
      this.closed(close.code)
    }
    this.watch()
  }

  stop(): void {
    clearTimeout(this.timer)
    if (this.socket) this.socket.onclose = this.socket.onmessage = null
    this.socket?.close()
    this.socket = null
  }

  private take(frame: Frame): void {
    this.watch()
    const fresh = this.token === null
    this.token = advance(this.token, frame)
    if (frame.kind === 'sync') this.synced(fresh, frame.position)
    if (frame.kind === 'reset') this.hooks.restart(frame.position)
    if (frame.kind === 'event') this.hooks.happened(frame.event, frame.position)
  }

  private synced(fresh: boolean, position: number): void {
    this.attempt = 0
    this.failures = []
    this.hooks.statusChanged('live')
    if (fresh) this.hooks.refresh(position)
  }

  private watch(): void {
    clearTimeout(this.timer)
    this.timer = setTimeout(() => {
      this.silent()
    }, SILENCE_MS)
  }

  private silent(): void {
    this.stop()
    this.closed(1006)
  }

  private closed(code: number): void {
    clearTimeout(this.timer)
    if (code === REFUSED) {
      this.hooks.refused()
      return
    }
    const now = Date.now()
    this.failures = [...this.failures.slice(-9), now]
    this.hooks.statusChanged(isLost(this.failures, now) ? 'lost' : 'cut')
    this.timer = setTimeout(
      () => {
        this.start()
      },
      delayMs(this.attempt++, Math.random()),
    )
  }
}
