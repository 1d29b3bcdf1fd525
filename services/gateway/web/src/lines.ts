/** A run as lines of its table: one per model, answered or awaited, and what else is to be said. */
import type { Result, Run, RunStatus, Target } from './api/shapes'

export type Line =
  | { kind: 'answer'; name: string; id: string; result: Result }
  | { kind: 'error'; name: string; id: string; text: string }
  | { kind: 'awaited'; name: string; id: string; text: string }
  | { kind: 'note'; id: string; text: string; bad: boolean }

const GOING: ReadonlySet<RunStatus> = new Set(['pending', 'queued', 'running'])

export function isGoing(run: Pick<Run, 'status'>): boolean {
  return GOING.has(run.status)
}

export function linesOf(run: Run): Line[] {
  const lines = modelLines(run)
  const note = noteOf(run, lines)
  return note === null ? lines : [...lines, note]
}

/** In the order of the targets, so that no line moves while the answers come in. */
function modelLines(run: Run): Line[] {
  const results = new Map(run.results.map((each) => [idOf(each.provider, each.model_id), each]))
  const lines = run.targets.flatMap((target) => {
    const result = taken(results, idOf(target.provider, target.model))
    if (result) return [resultLine(result)]
    return isGoing(run) ? [awaitedLine(run, target)] : []
  })
  return [...lines, ...[...results.values()].map(resultLine)]
}

function taken(results: Map<string, Result>, id: string): Result | undefined {
  const result = results.get(id)
  results.delete(id)
  return result
}

function resultLine(result: Result): Line {
  const id = idOf(result.provider, result.model_id)
  return result.success
    ? { kind: 'answer', name: result.model, id, result }
    : { kind: 'error', name: result.model, id, text: result.error ?? 'No answer' }
}

function awaitedLine(run: Run, target: Target): Line {
  const id = idOf(target.provider, target.model)
  const text = run.status === 'running' ? 'Answering' : 'Waiting to start'
  return { kind: 'awaited', name: target.display_name ?? target.model, id, text }
}

/** The error of the run itself, where no model's own says it already; else why nothing is there. */
function noteOf(run: Run, lines: readonly Line[]): Line | null {
  const said = lines.some((line) => line.kind === 'error')
  if (!isGoing(run) && run.error !== null && !said)
    return { kind: 'note', id: 'error', text: run.error, bad: run.status !== 'skipped' }
  if (lines.length > 0) return null
  return { kind: 'note', id: 'waiting', text: waitingText(run), bad: false }
}

function waitingText(run: Run): string {
  if (!isGoing(run)) return '--'
  return run.waits_for.length > 0 ? `Waits for: ${run.waits_for.join(', ')}` : 'Waiting to start'
}

function idOf(provider: string, model: string): string {
  return `${provider}/${model}`
}
