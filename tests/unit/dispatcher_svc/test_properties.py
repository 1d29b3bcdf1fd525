"""Admission under any history, with a dispatcher killed between any event and its answer."""

from collections import Counter
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.actions import Resolved
from contracts.events.run import RunQueued, RunRequested, RunSkipped
from contracts.events.schedule import ScheduleTriggered
from contracts.events.system import Limits
from dispatcher_svc import admission
from dispatcher_svc.state import Due
from dispatching import SCHEDULES, Dispatcher, History, Step, World

KINDS = {
    "react": 6,
    "append": 6,
    "tick": 5,
    "trigger": 4,
    "end": 4,
    "toggle": 2,
    "update": 1,
    "delete": 1,
    "kill": 2,
}
steps = st.lists(
    st.tuples(
        st.sampled_from([kind for kind, weight in KINDS.items() for _ in range(weight)]),
        st.sampled_from(sorted(SCHEDULES)),
        st.integers(0, 11),
    ),
    min_size=20,
    max_size=120,
)


def needs(owner: str, schedule_id: UUID, action: Resolved) -> set[tuple[str, str]]:
    """Written again, on purpose: which limits a run takes a place in."""
    others = {
        (
            "agent" if t.provider == "agent" else "provider",
            t.model if action.agent_name else t.provider,
        )
        for t in action.targets
    }
    return {("instance", ""), ("user", owner), ("schedule", str(schedule_id)), *others}


def cap(limits: Limits, kind: str) -> int:
    return limits.instance if kind == "instance" else getattr(limits, f"per_{kind}")


def taken(dispatcher: Dispatcher) -> Counter[tuple[str, str]]:
    return Counter(
        place
        for owner, event in dispatcher.going().values()
        for place in needs(owner, event.origin.schedule_id, event.action)
    )


def blocked(dispatcher: Dispatcher, due: Due, counts: Counter[tuple[str, str]]) -> bool:
    action = dispatcher.state.resolved(due)
    assert isinstance(action, Resolved)
    places = needs(due.owner, due.origin.schedule_id, action)
    return any(counts[place] >= cap(dispatcher.rules.limits, place[0]) for place in places)


def no_limit_is_exceeded(world: World, before: Counter[tuple[str, str]]) -> None:
    """A place over its limit was so before, when a start lowered the limit."""
    for place, count in taken(world.dispatcher).items():
        assert count <= max(cap(world.dispatcher.rules.limits, place[0]), before[place]), place


def taken_as_read(dispatcher: Dispatcher) -> Counter[tuple[str, str]]:
    """By the inputs it has read and every decision made: an end it has not read frees nothing."""
    read = dispatcher.history.events[: dispatcher.read]
    later = dispatcher.history.events[dispatcher.read :]
    view = History([*read, *(e for e in later if e.event.type in admission.DECISIONS)])
    return taken(Dispatcher(view, dispatcher.rules, flying=dispatcher.flying))


def nobody_waits_in_vain(world: World) -> None:
    counts = taken_as_read(world.dispatcher)
    for due in world.dispatcher.state.waiting.values():
        assert blocked(world.dispatcher, due, counts)
        schedule = world.dispatcher.state.schedules[due.origin.schedule_id]
        assert not schedule.deleted
        assert schedule.enabled or due.origin.triggered_by == "manual"


def answers(world: World) -> Counter[UUID]:
    """First answers of each run, by the log and what flies."""
    events = [each.event for each in (*world.history.events, *world.dispatcher.flying)]
    queued = {event.run_id for event in events if isinstance(event, RunQueued)}
    first = Counter(queued)
    for event in events:
        if isinstance(event, RunRequested | RunSkipped) and event.run_id not in queued:
            first[event.run_id] += 1
    return first


@settings(max_examples=100, deadline=None)
@given(steps)
def test_limits_hold_and_nothing_waits_while_all_it_needs_has_room(
    history: list[Step],
) -> None:
    world = World()
    for step in history:
        before = taken(world.dispatcher)
        world.step(*step)
        no_limit_is_exceeded(world, before)
        nobody_waits_in_vain(world)
    world.dispatcher.settle()
    nobody_waits_in_vain(world)


@settings(max_examples=100, deadline=None)
@given(steps)
def test_each_trigger_has_at_most_one_answer_and_once_settled_exactly_one(
    history: list[Step],
) -> None:
    world = World()
    for step in history:
        world.step(*step)
        assert all(count == 1 for count in answers(world).values())
    world.dispatcher.settle()
    asked = {e.event.run_id for e in world.history.events if isinstance(e.event, ScheduleTriggered)}
    assert answers(world) == Counter(asked)


@settings(max_examples=80, deadline=None)
@given(steps)
def test_after_a_kill_the_next_dispatcher_owes_nothing_it_has_not_answered(
    history: list[Step],
) -> None:
    world = World()
    for step in history:
        world.step(*step)
    world.step("kill", "", 2)
    asked = {e.event.run_id for e in world.history.events if isinstance(e.event, ScheduleTriggered)}
    assert answers(world) == Counter(asked)


@settings(max_examples=80, deadline=None)
@given(steps)
def test_no_run_is_requested_that_nobody_asked_for_and_none_twice(
    history: list[Step],
) -> None:
    world = World()
    for step in history:
        world.step(*step)
    world.dispatcher.settle()
    asked: set[UUID] = set()
    for recorded in world.history.events:
        if isinstance(recorded.event, ScheduleTriggered):
            asked.add(recorded.event.run_id)
        if isinstance(recorded.event, RunRequested):
            asked.remove(recorded.event.run_id)


@settings(max_examples=100, deadline=None)
@given(steps)
def test_decisions_folded_as_recorded_give_the_state_of_decisions_applied_when_made(
    history: list[Step],
) -> None:
    world = World()
    for step in history:
        world.step(*step)
    world.dispatcher.settle()
    assert world.history.folded() == world.dispatcher.state


@settings(max_examples=100, deadline=None)
@given(steps, st.integers(0, 200))
def test_a_history_folded_in_two_parts_gives_the_same_state(history: list[Step], cut: int) -> None:
    world = World()
    for step in history:
        world.step(*step)
    state = world.history.folded(cut)
    for recorded in world.history.events[cut:]:
        admission.evolve(state, recorded)
    assert state == world.history.folded()


@settings(max_examples=80, deadline=None)
@given(steps)
def test_whoever_goes_next_is_the_one_a_plain_search_finds(
    history: list[Step],
) -> None:
    world = World()
    for step in history:
        if step[0] == "react":
            goes_as_searched(world.dispatcher)
        else:
            world.step(*step)


def goes_as_searched(dispatcher: Dispatcher) -> None:
    """React once, and look at each admission from the queue in the light of what waited."""
    waiting, turns = dict(dispatcher.state.waiting), turns_of(dispatcher)
    flying = len(dispatcher.flying)
    dispatcher.react()
    made, dispatcher.flying = dispatcher.flying[flying:], dispatcher.flying[:flying]
    for decision in made:
        if isinstance(decision.event, RunRequested) and decision.event.run_id in waiting:
            counts = taken_as_read(dispatcher)
            free = [due for due in waiting.values() if not blocked(dispatcher, due, counts)]
            first = min(free, key=lambda d: (turns.get(d.owner, 0), d.owner, d.trigger.position))
            assert first.run_id == decision.event.run_id
            del waiting[first.run_id]
        dispatcher.flying.append(decision)
        turns = turns_of(dispatcher)


def turns_of(dispatcher: Dispatcher) -> dict[str, int]:
    """When each owner's latest request was made, in the log or flying."""
    stored = [(each.owner or "", each.event) for each in dispatcher.history.events]
    flying = [(each.about.owner or "", each.event) for each in dispatcher.flying]
    made = [owner for owner, event in (*stored, *flying) if isinstance(event, RunRequested)]
    return {owner: turn for turn, owner in enumerate(made, 1)}
