; What can be folded: declarations and blocks of more than one line.

[
  (policy) (profile) (context) (parameter) (function) (table) (priority) (arbitrate) (experiment) (test)
  (items) (givens) (history) (cases)
] @fold
