(profile "profile" @context name: (_) @name) @item
(parameter "parameter" @context (field name: (_) @name)) @item
(define "define" @context name: (_) @name) @item
(function "function" @context name: (_) @name) @item
(table "table" @context name: (_) @name) @item
(channel "channel" @context name: (_) @name) @item
(group "group" @context name: (_) @name) @item
(action "action" @context name: (_) @name) @item
(experiment "experiment" @context name: (_) @name) @item
(holdout "holdout" @context name: (_) @name) @item
(guarantee "guarantee" @context name: (_) @name) @item
(test "test" @context name: (_) @name) @item
