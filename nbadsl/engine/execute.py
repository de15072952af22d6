"""The instructions of a plan that compute something: masks from columns and registers, and numbers.

Two functions, each a chain of tests of the operation's code, which LLVM makes a jump table. They are apart
from the kernel's loop to keep each small: compile time grows faster than a function does.
"""

# Compiled functions declare their types by `part`.
# mypy: disable-error-code="no-untyped-def,no-untyped-call,call-arg,var-annotated,no-any-return"
from __future__ import annotations

import math

from nbadsl.engine import bitmasks as b
from nbadsl.engine import functions as fn
from nbadsl.engine import loops as l
from nbadsl.engine import vectors as v
from nbadsl.engine.loops import ld_f64, ld_i32, ld_i64, st_f64, st_i64
from nbadsl.engine.parts import part
from nbadsl.engine.selected import plus_scaled, scaled
from nbadsl.engine.settings import ADDRESS, KIND, OTHER, VALIDITY, VALIDITY_BIT, VALUE_BIT
from nbadsl.plan.ops import CODE

FILL, BITS, IS_VALID, FLAGGED, FILLED = (CODE[n] for n in ("fill", "bits", "valid", "flagged", "filled"))
RANGE, WITHIN, COMPARE, VERSUS = (CODE[n] for n in ("range", "within", "compare", "versus"))
WORDS, TEST, EQUAL, HAS_ANY, HAS_ALL = (CODE[n] for n in ("words", "test", "equal", "has_any", "has_all"))
KNOWN, AND, OR, PACK = (CODE[n] for n in ("known", "and", "or", "pack"))
SCALED, PLUS_SCALED, LOGISTIC = (CODE[n] for n in ("scaled", "plus_scaled", "logistic"))
LOAD, GATHER, TAKE, CONSTANT = (CODE[n] for n in ("load", "gather", "pick", "constant"))
ADD_VV, ADD_VC, MUL_VV, MUL_VC = (CODE[n] for n in ("add_vv", "add_vc", "mul_vv", "mul_vc"))
SUB_VV, SUB_VC, SUB_CV = CODE["sub_vv"], CODE["sub_vc"], CODE["sub_cv"]
DIV_VV, DIV_VC, DIV_CV = CODE["div_vv"], CODE["div_vc"], CODE["div_cv"]
MIN_VV, MIN_VC, MAX_VV, MAX_VC = (CODE[n] for n in ("min_vv", "min_vc", "max_vv", "max_vc"))
NEG, ABS, FLOOR, CEIL, ROUND, SQRT = (CODE[n] for n in ("neg", "abs", "floor", "ceil", "round", "sqrt"))
EXP, LOG, POW = CODE["exp"], CODE["log"], CODE["pow_vv"]
OR_VV, OR_VC = CODE["or_vv"], CODE["or_vc"]
BLEND_VV, BLEND_VC, BLEND_CV, BLEND_CC = (CODE[f"blend_{m}"] for m in ("vv", "vc", "cv", "cc"))
DATE, LOCAL, MONTHS = CODE["date"], CODE["local"], CODE["months"]

add_vv, add_vc = v.binary("add", "v", "v"), v.binary("add", "v", "c")
mul_vv, mul_vc = v.binary("mul", "v", "v"), v.binary("mul", "v", "c")
sub_vv, sub_vc, sub_cv = v.binary("sub", "v", "v"), v.binary("sub", "v", "c"), v.binary("sub", "c", "v")
div_vv, div_vc, div_cv = v.binary("div", "v", "v"), v.binary("div", "v", "c"), v.binary("div", "c", "v")
min_vv, min_vc = v.binary("min", "v", "v"), v.binary("min", "v", "c")
max_vv, max_vc = v.binary("max", "v", "v"), v.binary("max", "v", "c")
or_vv, or_vc = v.binary("or_else", "v", "v"), v.binary("or_else", "v", "c")
neg, absolute, floor, ceil, round_, sqrt, exp, logistic = map(
    v.unary, ("neg", "abs", "floor", "ceil", "round", "sqrt", "exp", "logistic")
)
less, less_equal, equal, unequal = map(b.compare, ("<", "<=", "==", "!="))
ordered = b.compare("ord")
both, either = b.combine("and"), b.combine("or")
blend_vv, blend_vc, blend_cv, blend_cc = (
    v.blend("v", "v"),
    v.blend("v", "c"),
    v.blend("c", "v"),
    v.blend("c", "c"),
)
fill_numbers = v.fill()

INFINITY = math.inf


# --- masks -----------------------------------------------------------------------------------------------


@part("iTiii")
def validity(dst, columns, column, row, n):
    if columns[column, VALIDITY]:
        l.bits_at(dst, columns[column, VALIDITY], columns[column, VALIDITY_BIT] + row, n)
    else:
        l.fill_words(dst, -1, (n + 63) >> 6)


@part("iTiiii")
def only_known(dst, columns, column, row, n, spare):
    """Clear a mask where a column is null."""
    if columns[column, VALIDITY]:
        l.bits_at(spare, columns[column, VALIDITY], columns[column, VALIDITY_BIT] + row, n)
        both(dst, dst, 0, spare, 0, (n + 63) >> 6)


@part("iiiiffi")
def column_mask(dst, kind, address, cmp, low, high, n):
    """Rows where a column of numbers keeps bounds, whatever stands where it is null."""
    l.between_column(dst, kind, address, cmp, low, high, n)
    if cmp == l.NE:
        words = (n + 63) >> 6
        if low == low:
            l.flip_words(dst, words)
        else:
            l.fill_words(dst, 0, words)


@part("iiifii")
def against(dst, a, cmp, k, n, spare):
    """Rows where a number register keeps a comparison with a constant; not where it is unknown."""
    if cmp == l.NE:
        l.in_f64(dst, a, -INFINITY, math.nextafter(k, -INFINITY), n)
        l.in_f64(spare, a, math.nextafter(k, INFINITY), INFINITY, n)
        either(dst, dst, 0, spare, 0, (n + 63) >> 6)
    else:
        low, high = l.float_bounds(cmp, k, k)
        l.in_f64(dst, a, low, high, n)


@part("iiiiiiiTFIIliiiii")
def make_mask(
    op,
    target,
    o2,
    o3,
    o4,
    row,
    n,
    columns,
    constants,
    masks,
    tests,
    lists,
    base,
    stride,
    pointers,
    idx,
    spare,
):
    """Execute an instruction whose first operand is a mask, at address `target`. `o2` to `o4`: the others."""
    words = (n + 63) >> 6
    if op == AND:
        both(target, base + (o2 >> 1) * stride, -(o2 & 1), base + (o3 >> 1) * stride, -(o3 & 1), words)
    elif op == OR:
        either(target, base + (o2 >> 1) * stride, -(o2 & 1), base + (o3 >> 1) * stride, -(o3 & 1), words)
    elif op == FILL:
        l.fill_words(target, -1 if constants[o2] == o3 else 0, words)
    elif op == KNOWN:
        x = ld_i64(pointers, o2)
        ordered(target, x, x, n)
    elif op == COMPARE:
        against(target, ld_i64(pointers, o2), o3, constants[o4], n, spare)
    elif op == VERSUS:
        x, y = ld_i64(pointers, o2), ld_i64(pointers, o4)
        if o3 == l.LT:
            less(target, x, y, n)
        elif o3 == l.LE:
            less_equal(target, x, y, n)
        elif o3 == l.GT:
            less(target, y, x, n)
        elif o3 == l.GE:
            less_equal(target, y, x, n)
        elif o3 == l.EQ:
            equal(target, x, y, n)
        else:
            unequal(target, x, y, n)
    elif op == PACK:
        l.pack(target, base + (o2 >> 1) * stride, idx, n)
        if o2 & 1:
            l.flip_words(target, words)
    elif op == IS_VALID or op == FLAGGED or op == FILLED:
        validity(target, columns, o2, row, n)
    elif op == BITS:
        l.bits_at(target, columns[o2, ADDRESS], columns[o2, VALUE_BIT] + row, n)
        if o3 == 0:
            l.flip_words(target, words)
        only_known(target, columns, o2, row, n, spare)
    else:
        kind = columns[o2, KIND]
        address = columns[o2, ADDRESS] + row * l.element_size(kind)
        if op == RANGE:
            column_mask(target, kind, address, o3, constants[o4], 0.0, n)
            only_known(target, columns, o2, row, n, spare)
        elif op == WITHIN:
            column_mask(target, kind, address, l.BETWEEN, constants[o3], constants[o4], n)
            only_known(target, columns, o2, row, n, spare)
        elif op == WORDS:
            l.words_in(target, spare, kind, address, lists, o3, o4, n)
        elif op == TEST:
            l.test_codes(target, kind, address, tests[o3], n)
        elif op == EQUAL:
            l.equal_codes(target, address, columns[o2, OTHER] + 4 * row, o3, n)
        elif op == HAS_ANY:
            b.has_any(target, address, masks[o3], n)
        elif op == HAS_ALL:
            b.has_all(target, address, masks[o3], n)


# --- numbers -------------------------------------------------------------------------------------------


@part("iiiiiTii")
def load_numbers(register, target, column, row, n, columns, pointers, spare):
    """A column as doubles: where it lies, if it is doubles without nulls."""
    kind = columns[column, KIND]
    address = columns[column, ADDRESS] + row * l.element_size(kind)
    if kind == l.F64 and columns[column, VALIDITY] == 0:
        st_i64(pointers, register, address)
        return
    l.load_column(target, kind, address, n)
    if columns[column, VALIDITY]:
        validity(spare, columns, column, row, n)
        blend_vc(target, spare, 0, target, l.NAN, n)


@part("iiiiTi")
def gather_numbers(target, column, row, n, columns, idx):
    """The current rows of a column as doubles."""
    kind = columns[column, KIND]
    l.gather_column(target, kind, columns[column, ADDRESS] + row * l.element_size(kind), idx, n)
    if columns[column, VALIDITY]:
        l.forget_nulls(target, columns[column, VALIDITY], columns[column, VALIDITY_BIT] + row, idx, n)


@part("iiifiiTi")
def scale(target, total, column, factor, row, n, columns, idx):
    """The current rows of a column times a factor, added to the register at `total` unless that is 0."""
    kind = columns[column, KIND]
    if kind == l.F64 and columns[column, VALIDITY] == 0:
        address = columns[column, ADDRESS] + 8 * row
        if total:
            plus_scaled(target, total, address, factor, idx, n)
        else:
            scaled(target, total, address, factor, idx, n)
        return
    gather_numbers(target, column, row, n, columns, idx)
    mul_vc(target, target, factor, n)
    if total:
        add_vv(target, total, target, n)


@part("iiiiiFi")
def calculate(op, target, o2, o3, n, constants, pointers):
    """Execute arithmetic. `o2` and `o3`: registers or constants, as the operation's name says."""
    x = ld_i64(pointers, o2) if op != SUB_CV and op != DIV_CV else 0
    if op == ADD_VV:
        add_vv(target, x, ld_i64(pointers, o3), n)
    elif op == ADD_VC:
        add_vc(target, x, constants[o3], n)
    elif op == MUL_VV:
        mul_vv(target, x, ld_i64(pointers, o3), n)
    elif op == MUL_VC:
        mul_vc(target, x, constants[o3], n)
    elif op == SUB_VV:
        sub_vv(target, x, ld_i64(pointers, o3), n)
    elif op == SUB_VC:
        sub_vc(target, x, constants[o3], n)
    elif op == SUB_CV:
        sub_cv(target, constants[o2], ld_i64(pointers, o3), n)
    elif op == DIV_VV:
        div_vv(target, x, ld_i64(pointers, o3), n)
    elif op == DIV_VC:
        div_vc(target, x, constants[o3], n)
    elif op == DIV_CV:
        div_cv(target, constants[o2], ld_i64(pointers, o3), n)
    elif op == MIN_VV:
        min_vv(target, x, ld_i64(pointers, o3), n)
    elif op == MIN_VC:
        min_vc(target, x, constants[o3], n)
    elif op == MAX_VV:
        max_vv(target, x, ld_i64(pointers, o3), n)
    elif op == MAX_VC:
        max_vc(target, x, constants[o3], n)
    elif op == NEG:
        neg(target, x, n)
    elif op == ABS:
        absolute(target, x, n)
    elif op == FLOOR:
        floor(target, x, n)
    elif op == CEIL:
        ceil(target, x, n)
    elif op == ROUND:
        round_(target, x, n)
    elif op == SQRT:
        sqrt(target, x, n)
    elif op == EXP:
        exp(target, x, n)
    elif op == LOGISTIC:
        logistic(target, x, n)
    elif op == LOG:
        fn.logarithm(target, x, n)
    elif op == POW:
        fn.powers(target, x, ld_i64(pointers, o3), n)
    elif op == OR_VV:
        or_vv(target, x, ld_i64(pointers, o3), n)
    elif op == OR_VC:
        or_vc(target, x, constants[o3], n)


@part("iiiiiiiiTFGiiiii")
def make_number(
    op, register, target, o2, o3, o4, row, n, columns, constants, zone, base, stride, pointers, idx, spare
):
    """Execute an instruction whose first operand is a number register, with its memory at `target`."""
    st_i64(pointers, register, target)
    if op == LOAD:
        load_numbers(register, target, o2, row, n, columns, pointers, spare)
    elif op == GATHER:
        gather_numbers(target, o2, row, n, columns, idx)
    elif op == SCALED:
        scale(target, 0, o2, constants[o3], row, n, columns, idx)
    elif op == PLUS_SCALED:
        scale(target, ld_i64(pointers, o2), o3, constants[o4], row, n, columns, idx)
    elif op == TAKE:
        x = ld_i64(pointers, o2)
        for k in range(n):
            st_f64(target, k, ld_f64(x, ld_i32(idx, k)))
    elif op == CONSTANT:
        fill_numbers(target, constants[o2], n)
    elif op == BLEND_VV:
        blend_vv(target, base + (o2 >> 1) * stride, -(o2 & 1), ld_i64(pointers, o3), ld_i64(pointers, o4), n)
    elif op == BLEND_VC:
        blend_vc(target, base + (o2 >> 1) * stride, -(o2 & 1), ld_i64(pointers, o3), constants[o4], n)
    elif op == BLEND_CV:
        blend_cv(target, base + (o2 >> 1) * stride, -(o2 & 1), constants[o3], ld_i64(pointers, o4), n)
    elif op == BLEND_CC:
        blend_cc(target, base + (o2 >> 1) * stride, -(o2 & 1), constants[o3], constants[o4], n)
    elif op == DATE:
        fn.date_parts(target, ld_i64(pointers, o2), o3, n)
    elif op == LOCAL:
        fn.local_parts(target, ld_i64(pointers, o2), o3, zone, n)
    elif op == MONTHS:
        fn.months(target, ld_i64(pointers, o2), ld_i64(pointers, o3), o4, n)
    else:
        calculate(op, target, o2, o3, n, constants, pointers)
