"""The practical limit: one policy as a C function, compiled for this machine.

By the engine's algorithm: blocks of rows that stay in the first cache; every distinct condition once, as one bit a row; the
bits of an action's conditions and-ed, and turned into row numbers; the score for those rows alone. Unlike the engine,
everything about the policy is known to the compiler, nothing is counted, and data are not checked.

The policy's numbers are written with all their digits and nothing is contracted (no fused multiply-add). Twice: with
the C library's `exp`, as one writes it, whose scores may differ from the engine's in the last digit; and with the engine's (see
`nbadsl/program/exponential.py`), which gcc makes vector code of, and then all scores must be the engine's to the bit.
"""

from __future__ import annotations

import ctypes
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from math import factorial
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from policy import INTEGERS, NUMBERS, WORD_FIELDS, Action, Policy, Test

BLOCK = 2048

HEAD = """
#include <math.h>
#include <stdint.h>
#ifdef __AVX512BW__
#include <immintrin.h>
#endif
#define B %(block)d
typedef const double *restrict f64;
typedef const int32_t *restrict i32;
typedef const uint8_t *restrict u8;

/* Bits of 64 rows: does the test hold? */
#ifdef __AVX512BW__
#define NUMBER(name, op) static inline uint64_t name(f64 x, double than) { uint64_t w = 0; __m512d t = _mm512_set1_pd(than); \\
    for (int g = 0; g < 8; g++) w |= (uint64_t)_mm512_cmp_pd_mask(_mm512_loadu_pd(x + 8 * g), t, op) << 8 * g; return w; }
NUMBER(above, _CMP_GT_OQ)
NUMBER(from, _CMP_GE_OQ)
static inline uint64_t upto(i32 x, int32_t than) { uint64_t w = 0; __m512i t = _mm512_set1_epi32(than);
    for (int g = 0; g < 4; g++) w |= (uint64_t)_mm512_cmple_epi32_mask(_mm512_loadu_si512(x + 16 * g), t) << 16 * g; return w; }
/* A word's place selects a byte of the table: 0 or 255. */
static inline uint64_t among(u8 x, uint64_t table) {
    return _mm512_movepi8_mask(_mm512_shuffle_epi8(_mm512_set1_epi64(table), _mm512_loadu_si512(x))); }
#else
#define BITS(test) uint64_t w = 0; for (int i = 0; i < 64; i++) w |= (uint64_t)(test) << i; return w;
static inline uint64_t above(f64 x, double than) { BITS(x[i] > than) }
static inline uint64_t from(f64 x, double than) { BITS(x[i] >= than) }
static inline uint64_t upto(i32 x, int32_t than) { BITS(x[i] <= than) }
static inline uint64_t among(u8 x, uint64_t table) { BITS(table >> 8 * x[i] & 1) }
#endif

/* Written so that gcc makes vector code of the loop that calls it. */
static inline double two_to_the(int64_t power) { int64_t bits = (power + 1023) << 52; double x; __builtin_memcpy(&x, &bits, 8); return x; }
static inline double exponential(double x) {
    x = x < 710.0 ? x : 710.0; x = x > -746.0 ? x : -746.0;
    double k = floor(x * 1.4426950408889634 + 0.5), high = x - k * 0.6931471803691238, low = k * 1.9082149292705877e-10;
    double r = high - low;
    double rest = %(series)s;
    double power = 1.0 + (high - (low - r * r * rest));
    int64_t whole = (int64_t)k, half = whole >> 1;
    return power * two_to_the(half) * two_to_the(whole - half);
}

/* Numbers of the rows that pass all four; gives how many. `index` has room for 16 more. */
static inline int select_rows(int32_t *restrict index, const uint64_t *a, const uint64_t *b, const uint64_t *c, const uint64_t *d) {
    int k = 0;
    for (int g = 0; g < B / 64; g++) {
        uint64_t w = a[g] & b[g] & c[g] & d[g];
#ifdef __AVX512BW__
        __m512i row = _mm512_add_epi32(_mm512_set1_epi32(64 * g), _mm512_set_epi32(15,14,13,12,11,10,9,8,7,6,5,4,3,2,1,0));
        for (int q = 0; q < 4; q++, w >>= 16) {
            _mm512_storeu_si512(index + k, _mm512_maskz_compress_epi32(w, row));
            k += __builtin_popcount(w & 0xFFFF);
            row = _mm512_add_epi32(row, _mm512_set1_epi32(16));
        }
#else
        for (; w; w &= w - 1) index[k++] = 64 * g + __builtin_ctzll(w);
#endif
    }
    return k;
}

static inline void action(int number, const uint64_t *a, const uint64_t *b, const uint64_t *c, const uint64_t *d,
        double bias, f64 x, double wx, f64 y, double wy, f64 z, double wz, double *restrict best, int32_t *restrict which) {
    int32_t index[B + 16]; double score[B];
    int k = select_rows(index, a, b, c, d);
    for (int j = 0; j < k; j++) { int i = index[j]; score[j] = -(bias + wx * x[i] + wy * y[i] + wz * z[i]); }
    for (int j = 0; j < k; j++) score[j] = %(exp)s(score[j]);
    for (int j = 0; j < k; j++) score[j] = 1.0 / (1.0 + score[j]);
    for (int j = 0; j < k; j++) { int i = index[j]; if (score[j] > best[i]) { best[i] = score[j]; which[i] = number; } }
}

static void block(const double *const *numbers, const int32_t *const *integers, const uint8_t *const *words,
        int64_t row, double *restrict best, int32_t *restrict which) {
    static _Thread_local uint64_t m[%(tests)d][B / 64] __attribute__((aligned(64)));
    for (int i = 0; i < B; i++) { best[i] = -INFINITY; which[i] = -1; }
"""

TAIL = """
}

/* Decide rows start to stop. What is beyond the last whole block is decided in copies of the rows. */
void decide(const double *const *numbers, const int32_t *const *integers, const uint8_t *const *words,
        int64_t start, int64_t stop, double *best, int32_t *which) {
    int64_t row = start;
    for (; row + B <= stop; row += B) block(numbers, integers, words, row, best + row, which + row);
    if (row == stop) return;
    static _Thread_local double n[%(numbers)d][B]; static _Thread_local int32_t k[%(integers)d][B]; static _Thread_local uint8_t w[%(words)d][B];
    const double *np[%(numbers)d]; const int32_t *kp[%(integers)d]; const uint8_t *wp[%(words)d]; double b[B]; int32_t c[B];
    for (int f = 0; f < %(numbers)d; f++) { np[f] = n[f]; for (int64_t i = row; i < stop; i++) n[f][i - row] = numbers[f][i]; }
    for (int f = 0; f < %(integers)d; f++) { kp[f] = k[f]; for (int64_t i = row; i < stop; i++) k[f][i - row] = integers[f][i]; }
    for (int f = 0; f < %(words)d; f++) { wp[f] = w[f]; for (int64_t i = row; i < stop; i++) w[f][i - row] = words[f][i]; }
    block(np, kp, wp, 0, b, c);
    for (int64_t i = row; i < stop; i++) { best[i] = b[i - row]; which[i] = c[i - row]; }
}
"""


def c_source(policy: Policy, exp: str) -> str:
    """The policy in C. `exp`: the function that it calls."""
    tests = {test: place for place, test in enumerate(_tests(policy))}
    series = "0.0"
    for n in range(13, 1, -1):
        series = f"({series} * r + {1 / factorial(n)!r})"
    names = {"exp": exp, "series": series}
    sizes = {"block": BLOCK, "tests": len(tests)}
    sizes |= {"numbers": len(NUMBERS), "integers": len(INTEGERS), "words": len(WORD_FIELDS)}
    masks = [
        f"    for (int g = 0; g < B / 64; g++) m[{place}][g] = {_test(test)};"
        for test, place in tests.items()
    ]
    actions = [_action(number, action, tests) for number, action in enumerate(policy.actions)]
    return "\n".join([HEAD % (sizes | names), *masks, *actions, TAIL % sizes])


def _tests(policy: Policy) -> list[Test]:
    """The distinct conditions, those of a field next to each other: its rows are in the cache then."""
    return sorted({test for action in policy.actions for test in action.tests}, key=lambda t: t.field)


def _test(test: Test) -> str:
    rows = f"{_column(test.field)} + row + 64 * g"
    match test.op:
        case ">":
            return f"above({rows}, {test.than!r})"
        case ">=":
            return f"from({rows}, {test.than!r})"
        case "<=":
            return f"upto({rows}, {test.than:.0f})"
    table = sum(255 << 8 * place for place in range(8) if place not in test.among)
    return f"among({rows}, {table}u)"


def _column(field: str) -> str:
    table = {"n": "numbers", "k": "integers", "w": "words"}[field[0]]
    return f"{table}[{field[1:]}]"


def _action(number: int, action: Action, tests: dict[Test, int]) -> str:
    masks = ", ".join(f"m[{tests[test]}]" for test in action.tests)
    terms = ", ".join(f"{_column(field)} + row, {weight!r}" for weight, field in action.terms)
    return f"    action({number}, {masks}, {action.bias!r}, {terms}, best, which);"


class CKernel:
    """A compiled policy. `compile_seconds`: what gcc took."""

    exp = "exp"
    version = subprocess.run(["gcc", "--version"], capture_output=True, text=True).stdout.partition("\n")[0]

    def __init__(self, policy: Policy, folder: Path) -> None:
        name = f"kernel_{len(policy.actions)}_{self.exp}"  # a library is loaded once by its path
        path, library = folder / f"{name}.c", folder / f"{name}.so"
        path.write_text(c_source(policy, self.exp))
        flags = ["-O3", "-march=native", "-ffp-contract=off", "-fno-math-errno", "-fno-trapping-math"]
        start = time.perf_counter()
        subprocess.run(["gcc", *flags, "-shared", "-fPIC", "-o", str(library), str(path), "-lm"], check=True)
        self.compile_seconds = time.perf_counter() - start
        self._decide = ctypes.CDLL(str(library)).decide

    def prepare(self, people: pa.Table) -> None:
        """Keep the columns as the function reads them: words as bytes."""
        plain = people.combine_chunks()
        self.rows = plain.num_rows
        self._columns: list[NDArray[np.generic]] = []
        self._tables = [
            self._addresses([plain.column(f).to_numpy() for f in NUMBERS]),
            self._addresses([plain.column(f).to_numpy() for f in INTEGERS]),
            self._addresses([_codes(plain.column(f)) for f in WORD_FIELDS]),
        ]
        self._score, self._chosen = np.empty(self.rows), np.empty(self.rows, np.int32)

    def _addresses(self, columns: list[NDArray[np.generic]]) -> ctypes.Array[ctypes.c_void_p]:
        self._columns += columns
        return (ctypes.c_void_p * len(columns))(*(c.ctypes.data for c in columns))

    def run(self, threads: int) -> None:
        share = -(-self.rows // threads // BLOCK) * BLOCK

        def part(start: int) -> None:
            stop = min(start + share, self.rows)
            out = [ctypes.c_void_p(a.ctypes.data) for a in (self._score, self._chosen)]
            self._decide(*self._tables, ctypes.c_int64(start), ctypes.c_int64(stop), *out)

        starts = range(0, self.rows, share)
        if len(starts) == 1:
            part(0)
        else:
            with ThreadPoolExecutor(len(starts)) as pool:
                list(pool.map(part, starts))

    def answer(self) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
        return self._chosen, np.where(self._chosen < 0, np.nan, self._score)


class SameExp(CKernel):
    """With the engine's `exp`."""

    exp = "exponential"


def _codes(column: pa.ChunkedArray) -> NDArray[np.uint8]:
    codes: NDArray[np.uint8] = column.chunk(0).indices.to_numpy().astype(np.uint8)
    return codes
