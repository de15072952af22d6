"""What holds for everybody: promises proved or refuted, and what can never happen, by the solver z3.

`values`, `inputs`, `places`, `expressions`, `terms`, `dates` say in z3's words what a program means, `choosing` what it decides;
`search` asks for a customer, who counts only when the interpreter agrees (`customer`). On top of that, `guarantees`,
`frequency` (promises about limits), `idle` (what never happens), `tables` and `compare` (two policies) are questions;
`questions` names them, `worker` asks them in a process that can be ended, `report` says what came out.

What is proved is proved over real numbers: without rounding, and without overflow but that of `exp` and `^`.
"""
