"""Ways through expressions: each is met once, in order, however deep and however often it is used."""

from nbadsl.program.nodes import children
from nbadsl.program.pool import Pool
from nbadsl.program.walk import leaves, postorder
from nbadsl.types import NUMBER

POOL = Pool()
A, B = POOL.column("a", NUMBER, False), POOL.given("b", NUMBER, False)
ONE = POOL.literal(1.0, NUMBER)


def sum_of(left, right):
    return POOL.arithmetic("add", left, right)


def test_operands_come_first_in_the_order_of_evaluation():
    shared = sum_of(A, ONE)
    whole = sum_of(sum_of(B, shared), shared)
    assert list(postorder([whole, B])) == [B, A, ONE, shared, sum_of(B, shared), whole]
    assert list(leaves([whole])) == [B, A]


def test_what_is_done_is_left_out_also_when_it_is_done_meanwhile():
    whole = sum_of(sum_of(A, ONE), B)
    found = {}
    for root in (sum_of(A, ONE), whole, whole):
        for node in postorder([root], found):
            found[node] = 1 + sum(found[operand] for operand in children(node))
    assert found[whole] == 5
    assert list(postorder([whole], {sum_of(A, ONE)})) == [B, whole]


def test_a_graph_that_is_a_huge_tree_is_walked_once_and_a_deep_one_without_recursion():
    wide = deep = A
    for number in range(5_000):
        wide, deep = sum_of(wide, wide), sum_of(deep, POOL.literal(float(number), NUMBER))
    assert len(list(postorder([wide]))) == 5_001
    assert len(list(postorder([deep]))) == 10_001
