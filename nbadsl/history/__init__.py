"""The contact history: what was decided for whom and what came of it, and how much room limits leave.

`Event` is one thing that happened, a `Demand` what a limit asks, and a `Store` keeps the one and answers the other.
`room` is the meaning; `memory` applies it to a list, and every other store must answer alike.
"""
