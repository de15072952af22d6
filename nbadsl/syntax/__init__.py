"""Source to tree. `parser.parse` never fails: it gives the tree it understood and what it did not."""
