"""Everything that looks like chance, computed from names and seeds alone.

Takes the texts of a program (seeds of experiments and holdouts, a person's key), the run's `now` and
seed; gives places on 0..1, arms of experiments, decision ids and draws. Nothing here keeps a state or
asks the machine for randomness: the same inputs give the same bits in a batch, in a service, after a
restart, and in any other implementation of this page.

**Assignment** (experiments and holdouts) must be stable for years and agree with the tools that show the
arms to people, so it is GrowthBook's published hash, version 2:

    place(seed, value) = fnv1a32(decimal(fnv1a32(seed + value))) mod 10000 / 10000

FNV-1a (Fowler, Noll, Vo; draft-eastlake-fnv) starts with an offset basis and for each unit of input xors
it in and multiplies by a prime. Hashing twice removes the correlation between experiments that the first
version of GrowthBook's hash had. Places are multiples of 0.0001, so shares finer than that are not told
apart. Source: `packages/sdk-js/src/util.ts` of github.com/growthbook/growthbook (`hash`, `getBucketRanges`,
`chooseVariation`), and its "Build your own SDK" page.

*Which unit is hashed* matters beyond ASCII, and GrowthBook's SDKs differ: JavaScript (`charCodeAt`) and
Flutter (`codeUnitAt`, with test vectors made by the JavaScript SDK) hash UTF-16 code units; Python
(`ord`, `growthbook/core.py` of growthbook-python) hashes code points; Go (`[]byte`, `hash.go`) and Java
(`MathUtils.fnv1a_32`) hash bytes of UTF-8. JavaScript and Python agree on every character below U+10000,
which is all of today's alphabets; only above (emoji, rare ideographs) a code point is two UTF-16 units. We
hash UTF-16 code units: we agree with JavaScript, the reference, always, and with Python wherever it agrees
with JavaScript. For ASCII, the usual case of keys, all of them agree.

**Draws** (exploration) need more than 10,000 places and independence between decisions of one person. A
decision is named by its id, the key, the moment and the policy; its draws are the outputs of SplitMix64, whose
state starts from the id's FNV-1a 64 hash and the run's seed:

    base    = mix(fnv1a64(utf8(id)) xor mix(seed mod 2^64))
    draw(k) = mix(base + (k + 1) * 0x9E3779B97F4A7C15 mod 2^64)
    unit(d) = (d >> 11) * 2^-53, a double in [0, 1)

`mix` is SplitMix64's finaliser (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, OOPSLA
2014; constants of variant 13 by David Stafford). FNV alone is too weak in its high bits for short ids: the
finaliser is what makes the draws look random.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from nbadsl.program.nodes import Experiment, Holdout, Value
from nbadsl.zone import EPOCH

_MASK32, _MASK64 = 2**32 - 1, 2**64 - 1
GOLDEN = 0x9E3779B97F4A7C15


# --- hashes ----------------------------------------------------------------------------------------


def fnv1a32(text: str) -> int:
    """FNV-1a, 32 bits, over the UTF-16 code units of a text (over its bytes, for ASCII)."""
    units = text.encode("utf-16-le", "surrogatepass")
    value = 0x811C9DC5
    for low, high in zip(units[::2], units[1::2], strict=True):
        value = ((value ^ (high << 8 | low)) * 0x01000193) & _MASK32
    return value


def fnv1a64(data: bytes) -> int:
    """FNV-1a, 64 bits, over bytes."""
    value = 0xCBF29CE484222325
    for byte in data:
        value = ((value ^ byte) * 0x100000001B3) & _MASK64
    return value


def mix(value: int) -> int:
    """The finaliser of SplitMix64: a bijection of 64 bits in which every output bit depends on every input bit."""
    value = ((value ^ (value >> 30)) * 0xBF58476D1CE4E5B9) & _MASK64
    value = ((value ^ (value >> 27)) * 0x94D049BB133111EB) & _MASK64
    return value ^ (value >> 31)


# --- assignment ------------------------------------------------------------------------------------


def place(seed: str, value: str) -> float:
    """A person's place on [0, 1): GrowthBook's hash, version 2. A multiple of 0.0001."""
    return fnv1a32(str(fnv1a32(seed + value))) % 10_000 / 10_000


def text_of(value: Value) -> str:
    """The text by which a key is hashed and named: a text or word itself, a number's decimal integer.

    Raises TypeError for anything else: keys are never unknown, flags or sets.
    """
    match value:
        case str():
            return value
        case float() | int() if not isinstance(value, bool):
            return str(int(value))
    raise TypeError(f"{value!r} cannot be a key")


def arm(experiment: Experiment, value: Value) -> str:
    """The arm of a person whose field `by` has this value.

    Ranges add up from the first arm, each from its start up to, not including, its end. The last arm
    takes what rounding leaves.
    """
    n, end = place(experiment.seed, text_of(value)), 0.0
    for name, share in experiment.arms:
        end += share
        if n < end:
            return name
    return experiment.arms[-1][0]


def held(holdout: Holdout, value: Value) -> bool:
    """Whether a person whose field `by` has this value belongs to a holdout, were it active."""
    return place(holdout.seed, text_of(value)) < holdout.share


# --- draws -----------------------------------------------------------------------------------------


def decision_id(key: str, now: float, policy: str) -> str:
    """`c1@2026-11-10T09:00:00.000000Z/retention`: the key, the moment (µs since 1970) in UTC, and the policy, as two of
    them may decide for one person at one moment.

    Raises OverflowError for a moment outside years 1..9999.
    """
    moment = EPOCH + timedelta(microseconds=int(now))
    return f"{key}@{moment.replace(tzinfo=None).isoformat(timespec='microseconds')}Z/{policy}"


def base(id: str, seed: int) -> int:
    """What the draws of a decision start from. `seed`: any integer, taken modulo 2^64."""
    return mix(fnv1a64(id.encode("utf-8", "surrogatepass")) ^ mix(seed & _MASK64))


def order(key: str) -> int:
    """In which order people come who are worth the same to a limit that they share: the lower one first."""
    return mix(fnv1a64(key.encode("utf-8", "surrogatepass")))


def draw(base: int, k: int) -> int:
    """The k-th draw (from 0) of a decision, 64 bits."""
    return mix((base + (k + 1) * GOLDEN) & _MASK64)


def unit(draw: int) -> float:
    """A draw as a double in [0, 1), from its upper 53 bits."""
    return (draw >> 11) * 2.0**-53


def explored(base: int, share: float, among: Sequence[int], greedy: int) -> tuple[int, bool, float]:
    """The candidate that exploring proposes, which may be the best one, `greedy`; whether it was drawn, and how probable
    it was. `among`: those of the best tier that may be drawn."""
    if not among:
        return greedy, False, 1.0
    drawn = unit(draw(base, 0)) < share
    chosen = max(among, key=lambda number: (draw(base, number + 1), -number)) if drawn else greedy
    return chosen, drawn, (1.0 - share) * (chosen == greedy) + share * (chosen in among) / len(among)
