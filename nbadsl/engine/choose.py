"""How the kernel ends a block: what is chosen for each row, and writing it down.

Two ways. Where one candidate is picked and nothing explored, the best so far is kept while candidates go
by, and the end only copies it. Otherwise every candidate that passed for a row is put on the row's list, and
the end ranks the list: by tier, score, and order in the file; as many as are picked; none too often.
"""

# Compiled functions declare their types by `part`.
# mypy: disable-error-code="no-untyped-def,no-untyped-call,call-arg,var-annotated,no-any-return"
from __future__ import annotations

from nbadsl.engine.loops import ld_f64, ld_i32, st_f64, st_i32, st_u8
from nbadsl.engine.parts import part

# Reasons, as the arrays of a result hold them.
CHOSEN, EXPLORED, FALLBACK, NOBODY_PASSED, BELOW_THRESHOLD, HELD, BAD_DATA = range(7)

LAST_TIER = 1 << 30  # of the fallback, where it is on a list

GOLDEN = -7046029254386353131  # 0x9E3779B97F4A7C15 as a signed number
M1 = -4658895280553007687  # 0xBF58476D1CE4E5B9
M2 = -7723592293110705685  # 0x94D049BB133111EB


@part("ii", "i")
def shifted(x, by):
    """Logical shift to the right."""
    return (x >> by) & ((1 << (64 - by)) - 1)


@part("i", "i")
def mix(x):
    """SplitMix64's finaliser, see `program.chance`; products wrap."""
    x = (x ^ shifted(x, 30)) * M1
    x = (x ^ shifted(x, 27)) * M2
    return x ^ shifted(x, 31)


@part("ii", "i")
def draw(base, k):
    return mix(base + (k + 1) * GOLDEN)


@part("iiiiiiiii")
def offer_in_tier(best_score, best_tier, best, score, tier, rank, candidate, idx, count):
    """As `selected.offer`, where a better tier goes before a higher score. `tier`: register, or 0 where all have `rank`."""
    for k in range(count):
        i = ld_i32(idx, k)
        s = ld_f64(score, k)
        t = rank if tier == 0 else int(ld_f64(tier, k))
        b = ld_i32(best_tier, i)
        if t < b or (t == b and s > ld_f64(best_score, i)):
            st_f64(best_score, i, s)
            st_i32(best_tier, i, t)
            st_i32(best, i, candidate)


@part("iiiiifiii")
def enlist_one(counts, scores, tiers, candidates, width, score, tier, candidate, i):
    """Put a candidate on the list of one row."""
    n = ld_i32(counts, i)
    at = i * width + n
    st_f64(scores, at, score)
    st_i32(tiers, at, tier)
    st_i32(candidates, at, candidate)
    st_i32(counts, i, n + 1)


@part("iiiiiiiiiii")
def enlist(counts, scores, tiers, candidates, width, score, tier, rank, candidate, idx, count):
    """Put a candidate on the lists of the rows that it passed for."""
    for k in range(count):
        place = rank if tier == 0 else int(ld_f64(tier, k))
        i = ld_i32(idx, k)
        enlist_one(counts, scores, tiers, candidates, width, ld_f64(score, k), place, candidate, i)


@part("iiiiiiif", "i")
def keep(dst, score, idx, count, below, by_row, threshold_register, threshold):
    """Leave only rows with a score, and one that reaches the threshold, current; in place.

    `by_row`: 0 no threshold, 1 the constant, 2 the register (of all rows). Gives how many are left, plus
    2^32 times how many had no score. `below` (one byte a row) remembers who was below the threshold.
    """
    left, without = 0, 0
    for k in range(count):
        s = ld_f64(score, k)
        i = ld_i32(idx, k)
        if s != s:
            without += 1
            continue
        if by_row:
            t = threshold if by_row == 1 else ld_f64(threshold_register, i)
            if not s >= t:
                st_u8(below, i, 1)
                continue
        st_i32(idx, left, i)
        st_f64(dst, left, s)
        left += 1
    return left | without << 32


@part("iiiifii", "b")
def goes_before(scores, tiers, candidates, at, score, tier, candidate):
    """Whether an entry ranks before the one at a place of the list."""
    if tier != ld_i32(tiers, at):
        return tier < ld_i32(tiers, at)
    other = ld_f64(scores, at)
    return score > other or (score == other and candidate < ld_i32(candidates, at))


@part("iiiifii")
def put(scores, tiers, candidates, at, score, tier, candidate):
    st_f64(scores, at, score)
    st_i32(tiers, at, tier)
    st_i32(candidates, at, candidate)


@part("iiiiii")
def put_in_order(scores, tiers, candidates, start, n, most):
    """Order a list so that its `most` best entries come first, the best one at the start; then the others, in any order."""
    for e in range(start + 1, start + n):
        score, tier, candidate = ld_f64(scores, e), ld_i32(tiers, e), ld_i32(candidates, e)
        at = e
        if e - start >= most:
            at = start + most - 1
            if not goes_before(scores, tiers, candidates, at, score, tier, candidate):
                continue
            put(scores, tiers, candidates, e, ld_f64(scores, at), ld_i32(tiers, at), ld_i32(candidates, at))
        while at > start and goes_before(scores, tiers, candidates, at - 1, score, tier, candidate):
            before = at - 1
            put(
                scores,
                tiers,
                candidates,
                at,
                ld_f64(scores, before),
                ld_i32(tiers, before),
                ld_i32(candidates, before),
            )
            at = before
        put(scores, tiers, candidates, at, score, tier, candidate)


@part("iili", "i")
def taken(chosen, picked, of, candidate):
    """How many of the picked candidates are of the same kind (table `of`) as a candidate."""
    kind = of[candidate]
    found = 0
    if kind >= 0:
        for r in range(picked):
            if of[ld_i32(chosen, r)] == kind:
                found += 1
    return found


@part("iiiLI", "b")
def allowed(chosen, picked, candidate, kinds, most):
    for by in range(3):
        if most[by] > 0 and taken(chosen, picked, kinds[by], candidate) >= most[by]:
            return False
    return True


@part("iiiiiiifu", "ifi")
def explore(scores, tiers, candidates, start, n, greedy, base, share, among):
    """The entry that exploring chooses (or the greedy one), and the exact probability of it."""
    size, largest, entry = 0, 0, -1
    tier = ld_i32(tiers, greedy)
    for at in range(start, start + n):
        c = ld_i32(candidates, at)
        if ld_i32(tiers, at) == tier and among[c]:
            size += 1
            d = draw(base, c + 1) ^ (-9223372036854775807 - 1)  # compare as unsigned
            if entry < 0 or d > largest:
                largest, entry = d, at
    if size == 0:
        return greedy, 1.0, CHOSEN
    u = float(shifted(draw(base, 0), 11)) * 1.1102230246251565e-16
    choice, reason = greedy, CHOSEN
    if u < share:
        choice, reason = entry, EXPLORED
    inside = 1.0 if among[ld_i32(candidates, choice)] else 0.0
    is_greedy = 1.0 if choice == greedy else 0.0
    return choice, (1.0 - share) * is_greedy + share * inside / float(size), reason
