/** Measured figures; what is unknown is `--`, never 0. */

const UNKNOWN = '--'

export function millisecondsText(ms: number | null | undefined): string {
  if (ms === null || ms === undefined) return UNKNOWN
  return ms < 1000 ? `${ms.toFixed(0)} ms` : `${(ms / 1000).toFixed(2)} s`
}

export function countText(count: number | null | undefined): string {
  return count === null || count === undefined ? UNKNOWN : count.toLocaleString('en-US')
}

export function speedText(tokensPerSecond: number | null | undefined): string {
  if (tokensPerSecond === null || tokensPerSecond === undefined) return UNKNOWN
  return `${tokensPerSecond.toFixed(tokensPerSecond < 100 ? 1 : 0)} tok/s`
}

export function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}
