"""A user with thousands waiting does not keep another user's single run from starting."""

from admissions import LARGE, created, ended, started, triggered
from dispatching import given


def test_the_user_least_recently_admitted_goes_first() -> None:
    names = ["a1", "a2", "a3"]
    case = given(started(instance=1), *(created(name) for name in [*names, "b1"]))
    for name in names:
        case.when(triggered(name, f"r-{name}"), owner="ada")
    case.when(triggered("b1", "r-b1"), owner="bob").then(("RunQueued", "r-b1", ["instance"]))
    case.when(ended("r-a1")).then(("RunRequested", "r-b1"))
    case.when(ended("r-b1")).then(("RunRequested", "r-a2"))


def test_among_users_never_admitted_the_lesser_id_goes_first() -> None:
    case = given(started(instance=1), *(created(name) for name in "xyz"))
    case.when(triggered("x", "r0"), owner="eve")
    case.when(triggered("y", "r-bob"), owner="bob").when(triggered("z", "r-ada"), owner="ada")
    case.when(ended("r0")).then(("RunRequested", "r-ada"))


def test_of_one_user_the_oldest_run_that_fits_goes_first() -> None:
    case = given(started(per_user=1, per_provider=1), created("bell", LARGE))
    case.when(triggered("bell", "r-bob"), owner="bob")
    for name, action in (("a1", None), ("a2", LARGE), ("a3", None)):
        case.when(created(name) if action is None else created(name, action))
        case.when(triggered(name, f"r-{name}"), owner="ada")
    case.when(ended("r-a1")).then(("RunRequested", "r-a3"))


def test_one_end_admits_for_every_limit_it_frees() -> None:
    case = given(started(instance=2, per_user=2, per_provider=1), created("s"), created("t"))
    case.when(triggered("s", "r1"), owner="ada").when(triggered("t", "r2"), owner="bob")
    case.then(("RunQueued", "r2", ["provider:ada"]))
    case.when(triggered("s", "r3", "manual"), owner="ada")
    case.then(("RunQueued", "r3", ["schedule", "provider:ada"]))
    case.when(ended("r1")).then(("RunRequested", "r2"))
    case.when(ended("r2")).then(("RunRequested", "r3"))


def test_those_who_need_the_same_places_go_one_after_the_other() -> None:
    case = given(started(), created("s"), triggered("s", "r1"))
    for run in ("r2", "r3", "r4"):
        case.when(triggered("s", run, "manual")).then(("RunQueued", run, ["schedule"]))
    case.when(ended("r1")).then(("RunRequested", "r2"))
    case.when(ended("r2")).then(("RunRequested", "r3"))
    case.when(ended("r3")).then(("RunRequested", "r4"))
