"""Batches of people with a history: the room that limits leave them, their decisions, and keeping those."""
