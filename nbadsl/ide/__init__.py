"""What an editor asks about a policy, answered in offsets and plain data; nothing here knows a protocol.

A feature is one module with a function `(snapshot, path, offset or range) -> data`. `snapshot` holds what is
answered from; `trees` finds nodes, `names` says what each name is and where else it stands; the others use them.
Every text and every offset has an answer, if only nothing.
"""
