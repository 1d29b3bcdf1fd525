/** The models to choose from, grouped by provider; a choice is a set of `<provider>/<id>`. */
import type { Config } from './api/shapes'

export interface ModelGroup {
  key: string
  name: string
  lacksKey: boolean
  models: readonly { ref: string; name: string; id: string }[]
}

export type Choice = ReadonlySet<string>

export function groupsOf(config: Config): ModelGroup[] {
  return Object.entries(config.providers)
    .map(([key, provider]) => ({
      key,
      name: provider.display_name ?? key,
      lacksKey: provider.has_key === false,
      models: provider.models.map((model) => ({
        ref: `${key}/${model.id}`,
        name: model.display_name ?? model.id,
        id: model.id,
      })),
    }))
    .filter((group) => group.models.length > 0)
}

export function everyModel(groups: readonly ModelGroup[]): Choice {
  return new Set(groups.flatMap(refsOf))
}

/** All of the group, or none of it where all were chosen. */
export function toggleGroup(chosen: Choice, group: ModelGroup): Choice {
  const refs = refsOf(group)
  if (groupState(chosen, group) !== 'all') return new Set([...chosen, ...refs])
  return new Set([...chosen].filter((ref) => !refs.includes(ref)))
}

export function toggleModel(chosen: Choice, ref: string): Choice {
  return chosen.has(ref)
    ? new Set([...chosen].filter((other) => other !== ref))
    : new Set([...chosen, ref])
}

export function groupState(chosen: Choice, group: ModelGroup): 'all' | 'some' | 'none' {
  const count = refsOf(group).filter((ref) => chosen.has(ref)).length
  if (count === 0) return 'none'
  return count === group.models.length ? 'all' : 'some'
}

function refsOf(group: ModelGroup): string[] {
  return group.models.map((model) => model.ref)
}
