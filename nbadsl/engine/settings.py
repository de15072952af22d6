"""The whole numbers that a call of the kernel brings, by their places in one array.

Addresses come as numbers, too: those of results, and of the parts of the scratch memory.
"""

from __future__ import annotations

(
    START,  # first row
    STOP,  # row after the last
    BLOCK,  # rows of a block, a multiple of 512
    ENTRY,  # instruction where `main` (or `once`) begins
    AUDIT,  # instruction where `audit` begins, -1: there is none
    FORCED,  # whether every block is audited
    RESULTS,  # whether results are written (not for `once`)
    PICK,
    TIERS,
    LISTED,  # whether candidates are put on lists
    EXPLORES,
    CANDIDATES,
    FALLBACK,  # whether there is one
    MOST_ACTION,
    MOST_GROUP,
    MOST_CHANNEL,
    FATE_COUNTERS,  # where the counters of candidates begin
    REASON_COUNTERS,  # where the counters of reasons begin
    BAD,  # address of the rows' bad inputs (int16, 0: none), 0: there are none and nothing is checked
    BASES,  # address of the rows' bases of draws (int64)
    OUT_CHOSEN,
    OUT_TIER,  # this and the next two: 0 where they are the same for everybody
    OUT_PROBABILITY,
    OUT_SEND,
    OUT_SCORE,
    OUT_REASON,
    OUT_FATES,  # the fates of all candidates (int16, rows × candidates), 0: nobody asks; see `fates`
    COUNTED_BY,  # where somebody asks: the candidate and the fate that each counter is of (int32)
    OUT_LEFT,  # the reason if limits leave nothing of a row's list; 0: nobody asks, and the fallback is on no list
    NUMBER_COUNT,  # how many number registers
    MASKS,  # scratch memory from here on: mask registers
    NUMBERS,  # number registers
    POINTERS,  # where the values of each number register are: its own memory, or a column
    INDEX,  # indices of the current rows
    SPARE,  # a mask
    RECODED,  # codes of words, where they are translated
    BELOW,  # rows with a candidate below the threshold (bytes)
    STANDING,  # the fallback candidate of each row
    LIST_COUNT,
    LIST_SCORE,
    LIST_TIER,
    LIST_CANDIDATE,
    COUNT,
) = range(43)

# What is known of a bound column, by place in its row of the table.
ADDRESS, KIND, VALIDITY, VALIDITY_BIT, VALUE_BIT, OTHER = range(6)
COLUMN_WIDTH = 6

# What is known of a column of words whose codes are still those of the data: where those are (int32), the table from
# them to codes of the type's words, bytes of such a code, and the column's row in the table of columns.
CODES, TABLE, CODE_BYTES, ROW = range(4)
RECODE_WIDTH = 4

# What is known of a check of data: the column as above up to the validity's bit, then
CHECK_INPUT, CHECK_REQUIRED, CHECK_EXACT = 4, 5, 6
CHECK_WIDTH = 7
NO_NUMBERS = -1  # the kind of a check that looks at nulls only

# Counters of a candidate, in order.
QUIET, NO_SCORE, THRESHOLD, PASSED, CHOSEN = range(5)
FATES = 5
