"""How the interpreter explores: whom it may choose, with which probability, by which draw."""

from collections import Counter
from dataclasses import replace

from hypothesis import given
from small_programs import NOW, candidate, decided, person, program
from strategies_program import Case, case

from nbadsl.interpreter import decide
from nbadsl.program import chance
from nbadsl.program.decision import Fate
from nbadsl.program.givens import givens
from nbadsl.program.nodes import Explore, Program


def exploring(share: float, among: tuple[int, ...] = (0, 1, 2, 3), **parts: object) -> Program:
    return program(
        candidate("a", 3.0),
        candidate("b", 2.0),
        candidate("c", 1.0),
        candidate("worse", 9.0, tier=1),
        explore=Explore(share, among),
        **parts,
    )


def test_without_a_share_the_best_is_chosen_with_its_exact_probability():
    found = decided(exploring(0.0))
    assert (found.chosen[0].candidate, found.chosen[0].probability, found.reason) == (0, 1.0, "chosen")


def test_exploring_chooses_among_the_best_tier_only():
    people = [decided(exploring(1.0), person(f"c{i}")) for i in range(900)]
    counts = Counter(found.chosen[0].candidate for found in people)
    assert set(counts) == {0, 1, 2}
    assert all(240 < count < 360 for count in counts.values())
    assert {found.reason for found in people} == {"explored"}
    assert {found.chosen[0].probability for found in people} == {1 / 3}


def test_the_probability_adds_both_ways_to_the_choice():
    people = [decided(exploring(0.3), person(f"c{i}")) for i in range(3_000)]
    by_choice = {found.chosen[0].candidate: found.chosen[0].probability for found in people}
    assert by_choice == {0: (1.0 - 0.3) * 1.0 + 0.3 * 1.0 / 3, 1: 0.3 / 3, 2: 0.3 / 3}
    counts = Counter(found.chosen[0].candidate for found in people)
    assert all(abs(counts[c] - 3_000 * p) < 100 for c, p in by_choice.items())
    assert abs(sum(found.reason == "explored" for found in people) - 900) < 100


def test_the_best_may_be_outside_of_what_is_explored():
    people = [decided(exploring(0.5, (1,)), person(f"c{i}")) for i in range(200)]
    seen = {(found.chosen[0].candidate, found.chosen[0].probability, found.reason) for found in people}
    assert seen == {(0, 0.5, "chosen"), (1, 0.5, "explored")}


def test_with_nobody_to_explore_the_best_is_certain():
    found = decided(exploring(1.0, (3,)))
    assert (found.chosen[0].candidate, found.chosen[0].probability, found.reason) == (0, 1.0, "chosen")


def test_the_seed_and_the_moment_change_the_draw_but_nothing_else_does():
    explored = exploring(1.0)
    by_seed = {decided(explored, seed=seed).chosen[0].candidate for seed in range(40)}
    assert by_seed == {0, 1, 2}
    assert decided(explored, seed=7) == decided(replace(explored, title="other"), person(x=1.0), seed=7)
    moments = [decide(explored, person(), givens(explored, NOW + i)) for i in range(40)]
    assert {found.chosen[0].candidate for found in moments} == {0, 1, 2}


def test_the_explored_choice_is_the_one_with_the_largest_draw():
    for key in ("c1", "c2", "c3", "c4"):
        base = chance.base(f"{key}@2026-11-10T09:00:00.000000Z/p", 5)
        draws = [chance.draw(base, k) for k in (1, 2, 3)]
        assert decided(exploring(1.0), person(key), seed=5).chosen[0].candidate == draws.index(max(draws))


@given(case())
def test_sure_exploration_is_uniform_over_the_best_tiers_candidates_in_its_scope(case: Case):
    explore = case.program.explore
    if explore is None:
        return
    for row in case.rows:
        greedy, sure = (
            decide(replace(case.program, explore=replace(explore, share=share)), row, case.given, case.seed)
            for share in (0.0, 1.0)
        )
        best, explored = greedy.chosen + greedy.held, sure.chosen + sure.held
        assert bool(best) == bool(explored)
        if best and best[0].tier is not None:
            passed = {
                i for i, s in enumerate(sure.stories) if s.fate >= Fate.OUTRANKED and s.tier == best[0].tier
            }
            size = len(passed & set(explore.among))
            assert explored[0].probability == (1 / size if size else 1.0)
