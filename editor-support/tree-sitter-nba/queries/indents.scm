; Helix: what stands in braces, brackets or parentheses is one step further in.

[
  (policy) (profile) (context) (parameter) (rows) (items) (priority) (arbitrate) (experiment) (test) (givens) (history)
  (call) (brackets) (word_set)
] @indent

["}" ")" "]"] @outdent
