; What is what, for colours. The captures are those that Neovim, Helix and Zed know; no two patterns capture one node.

(comment) @comment
(string) @string
[(number) (percent)] @number
[(date) (datetime) (clock)] @string.special
(flag) @boolean
[(unit) (currency) (calendar) (outcome)] @constant.builtin

["{" "}" "(" ")" "[" "]"] @punctuation.bracket
["," ":" "." "|"] @punctuation.delimiter
["=" "+" "-" "*" "/" "^" ".." (comparison_operator)] @operator

; --- words ---

; what begins a declaration
[
  "policy" "profile" "context" "parameter" "table" "channel" "group" "action" "priority" "arbitrate" "holdout"
  "experiment" "explore" "guarantee" "test" "limit" "rest" "budget" "quiet"
] @keyword
["define" "function"] @keyword.function
"import" @keyword.import

; what begins a line of a block
[
  "title" "owner" "timezone" "currency" "week" "starts" "purposes" "purpose" "active" "require" "eligible" "exclude"
  "via" "content" "send" "propensity" "value" "cost" "boost" "exempt" "score" "below" "pick" "fallback" "history"
  "cases" "expect"
] @keyword

; what says more of it
[
  "key" "one" "of" "any" "in" "optional" "only" "for" "from" "column" "first" "unique" "collect" "was" "until"
  "because" "at" "by" "per" "since" "ever" "after" "each" "on" "limits" "but" "counted" "to" "everything" "most"
  "seed" "among" "some" "now" "next" "nothing" "no"
] @keyword

["if" "then" "else" "when"] @keyword.conditional

[
  "and" "or" "not" "is" "between" "within" "more" "than" "ago" "ends" "with" "contains" "has" "all" "none"
] @keyword.operator

["known" "unknown" "never"] @constant.builtin

; --- names ---

(policy name: (identifier) @module)
(import module: (module) @module)
(profile name: (identifier) @type key: (identifier) @property)
[(channel name: (identifier) @type) (group name: (identifier) @type) (action name: (identifier) @type)]
(parent group: (identifier) @type)
(via channel: (identifier) @type)
(via (names (identifier) @type))
(expect action: (identifier) @type)
(expect channel: (identifier) @type)
(event action: (identifier) @type)
(event channel: (identifier) @type)
(guarantee scope: (identifier) @type)
(givens profile: (identifier) @type)
(type (identifier) @type.builtin)
(field name: (identifier) @property)
(entry name: (identifier) @property)
(define name: (identifier) @function)
(function name: (identifier) @function)
(table name: (identifier) @function)
((call function: (identifier) @function.builtin)
  (#match? @function.builtin "^(min|max|clamp|abs|floor|ceil|round|exp|log|sqrt|hour|weekday|day|month|year|age_in_years|months_between)$"))
((call function: (identifier) @function.call)
  (#not-match? @function.call "^(min|max|clamp|abs|floor|ceil|round|exp|log|sqrt|hour|weekday|day|month|year|age_in_years|months_between)$"))
(line name: (identifier) @type)
(experiment name: (identifier) @property)
(holdout name: (identifier) @property)
(arm name: (identifier) @constant)
