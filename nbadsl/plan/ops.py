"""The operations of a plan, as a table.

A plan is a list of instructions, each six whole numbers: the operation's code and up to five operands. This
table gives every operation its code and says what each operand is; lowering writes by it, `verify` refuses
what does not fit it, `show` prints by it, and the kernel executes it.

An instruction works on one block of rows. There are two kinds of registers, masks (one bit a row) and
numbers (one double a row, NaN for unknown), and two ways of counting rows: *dense* (every row of the block)
and *compact* (the rows that `select` chose, packed). All instructions work on whatever rows are current.
Jumps go forward only, so every plan ends.

Beside each name stands which rows must be current: `=` all of them, `~` those selected, `.` either.

Kinds of operands (letters of `Op.operands`):

    M  mask register written          m  mask register read, times 2, plus 1 for its complement
    F  number register written        f  number register read
    k  constant read                  K  constant written (only by the part that runs once a run)
    N  column of numbers              B  column of flags
    W  column of words                T  column of texts, or of words (codes tested by a table)
    S  column of sets (64 words)      P  pair of columns of texts or words
    c  comparison (index in COMPARISONS)
    t  test of texts                  s  mask of a set: index of a constant that is 64 bits
    l  place in the list of numbers, with the kinds of an entry there; n  count of entries
    j  jump target                    x  candidate
    o  counter of an undefined operation              r  counter of a rule of the gate's candidate
    g  tier
    i  a whole number                 ?  a kind, or -1 for none (`?f`: number register or -1)
"""

from __future__ import annotations

from dataclasses import dataclass

WIDTH = 6
COMPARISONS = ("<", "<=", ">", ">=", "==", "!=")


@dataclass(frozen=True, slots=True)
class Op:
    """An operation: its name, code, which rows must be current, the kinds of its operands and of the entries of its
    list, and what it does."""

    name: str
    code: int
    rows: str
    operands: tuple[str, ...]
    entries: tuple[str, ...]
    doc: str


_TABLE = """
end         = -              the end of a part
skip        = k j            jump unless the constant is 1
select      = m j            make the mask's rows current (compact); jump if there are none
dense       ~ -              make all rows current again
gate        = M l:m,?m,r n j let rows through a candidate's rules one by one, counting; jump if none is left
check       . f f f          in place: unknown where not finite; remember if the operands were known
keep        ~ F f x ?f ?k    rows with a score, not below the threshold, stay current; counts the others
best        ~ f x ?f g       offer the rows a candidate with a score, tier (register or number)
stand       = m x            the fallback candidate stands for the rows of the mask
count       = m o            count an undefined operation's rows
give        = K f            the first row's number becomes a constant of the run
flag        = K m m          the first row's flag: 1 if the first mask is set, 0 if the second is, else unknown
fill        . M k i          every row, if the constant is the number, else none
bits        . M B i          the flag is known and yes (1) or no (0)
valid       . M N            the number is known
flagged     . M B            the flag is known
filled      . M S            the set is known
range       . M N c k        number of a column against a constant; no where unknown
within      . M N k k        constant <= column <= constant
compare     . M f c k        number register against a constant; no where unknown
versus      . M f c f        two number registers
words       . M W l:i,i n    the word's code is in one of n ranges (pairs in the list)
test        . M T t          the text passes a test
equal       . M P i          both texts known and equal (1) or different (0)
has_any     . M S s          the set has any word of the mask
has_all     . M S s          the set has all words of the mask
known       . M f            the number is known
and         . M m m          both
or          . M m m          either
pack        ~ M m            the current rows' bits of a dense mask
load        . F N            a column as doubles
gather      ~ F N            the current rows of a column as doubles
pick        ~ F f            the current rows of a dense register
scaled      ~ F N k          the current rows of a column, times a constant
plus_scaled ~ F f N k        a register, plus the current rows of a column times a constant
constant    . F k            the same number everywhere
add_vv      . F f f
add_vc      . F f k
sub_vv      . F f f
sub_vc      . F f k
sub_cv      . F k f
mul_vv      . F f f
mul_vc      . F f k
div_vv      . F f f
div_vc      . F f k
div_cv      . F k f
min_vv      . F f f
min_vc      . F f k
max_vv      . F f f
max_vc      . F f k
pow_vv      . F f f
neg         . F f
abs         . F f
floor       . F f
ceil        . F f
round       . F f
sqrt        . F f
exp         . F f
log         . F f
logistic    . F f            1 / (1 + exp(-x))
or_vv       . F f f          the left number, or the right one where it is unknown
or_vc       . F f k
blend_vv    . F m f f        left where the mask is set, else right
blend_vc    . F m f k
blend_cv    . F m k f
blend_cc    . F m k k
date        . F f i          part i of a date: year, month, day, weekday
local       . F f i          0: the local date of a time, 1: its local clock, 2: the midnight of a date
months      . F f f i        0: a date plus months, 1: whole months between dates
"""


def _read(table: str) -> tuple[Op, ...]:
    found = []
    for code, line in enumerate(table.strip().splitlines()):
        words, doc = line[:29].split(), line[29:]
        operands = tuple(word.partition(":")[0] for word in words[2:] if word != "-")
        entries = next((word[2:].split(",") for word in words[2:] if word.startswith("l:")), ())
        found.append(Op(words[0], code, words[1], operands, tuple(entries), doc))
    return tuple(found)


OPS = _read(_TABLE)
BY_NAME = {op.name: op for op in OPS}
CODE = {op.name: op.code for op in OPS}

# Operations are grouped: those about rows and jumps, those that make a mask, those that make a number.
FIRST_MASK = CODE["fill"]
FIRST_NUMBER = CODE["load"]
