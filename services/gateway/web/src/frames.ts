/** What the gateway says over its WebSocket, and how a resume token moves with it. */

export interface LogEvent {
  type: string
  data: Record<string, unknown>
}

export type Frame =
  | { kind: 'sync'; resume: string | null; position: number }
  | { kind: 'reset'; resume: string | null; position: number }
  | { kind: 'event'; resume: string; position: number; event: LogEvent }
  | { kind: 'idle'; position: number }
  | { kind: 'other' }

/** Messages this page does not know are `other`: a newer gateway may send more. */
export function readFrame(text: string): Frame {
  const message: unknown = JSON.parse(text)
  if (!isRecord(message)) return { kind: 'other' }
  const { type, event } = message
  const position = numberOr0(message['position'])
  const resume = textOrNull(message['resume'])
  if (type === 'sync') return { kind: 'sync', resume, position }
  if (type === 'reset') return { kind: 'reset', resume, position }
  if (isRecord(event)) return eventFrame(message, event, position)
  return type === undefined && position > 0 ? { kind: 'idle', position } : { kind: 'other' }
}

/** The token to come back with after this frame: `<log_id>:<position>`. */
export function advance(token: string | null, frame: Frame): string | null {
  switch (frame.kind) {
    case 'event':
      return frame.resume
    case 'idle':
      return token && `${logOf(token)}:${frame.position}`
    case 'sync':
      return token ?? frame.resume // what a resumed connection still owes comes after its sync
    case 'reset':
      return frame.resume
    case 'other':
      return token
  }
}

function eventFrame(
  message: Record<string, unknown>,
  event: Record<string, unknown>,
  position: number,
): Frame {
  const { type, data } = event
  if (typeof type !== 'string' || !isRecord(data)) return { kind: 'other' }
  const resume = `${String(message['logid'])}:${position}`
  return { kind: 'event', resume, position, event: { type, data } }
}

function numberOr0(value: unknown): number {
  return typeof value === 'number' ? value : 0
}

function textOrNull(value: unknown): string | null {
  return typeof value === 'string' ? value : null
}

function logOf(token: string): string {
  return token.slice(0, token.lastIndexOf(':'))
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
