import { describe, expect, it } from 'vitest'
import {
  everyModel,
  groupsOf,
  groupState,
  toggleGroup,
  toggleModel,
  type ModelGroup,
} from './models'

const groups = groupsOf({
  providers: {
    near: { display_name: 'Near', models: [{ id: 'small' }, { id: 'org/large' }] },
    far: { display_name: null, has_key: false, models: [{ id: 'small', display_name: 'Small' }] },
    empty: { display_name: 'Empty', models: [] },
  },
})
const near = groups[0] as ModelGroup

describe('the model tree', () => {
  it('groups by provider, without those that have no model', () => {
    expect(groups.map((group) => group.name)).toEqual(['Near', 'far'])
    expect(groups.map((group) => group.lacksKey)).toEqual([false, true])
  })

  it('names each model with its provider, ids whole', () => {
    expect([...everyModel(groups)]).toEqual(['near/small', 'near/org/large', 'far/small'])
  })

  it('chooses the whole group by its header, and again none of it', () => {
    const some = new Set(['near/small', 'far/small'])
    const all = toggleGroup(some, near)
    expect(groupState(some, near)).toBe('some')
    expect(groupState(all, near)).toBe('all')
    expect([...toggleGroup(all, near)]).toEqual(['far/small'])
  })

  it('toggles one model and leaves the set it was given alone', () => {
    const chosen = new Set(['near/small'])
    expect([...toggleModel(chosen, 'far/small')]).toEqual(['near/small', 'far/small'])
    expect([...toggleModel(chosen, 'near/small')]).toEqual([])
    expect([...chosen]).toEqual(['near/small'])
  })
})
