"""Tests that stand in a policy: read into trials, decided by the interpreter, compared with what they expect."""
