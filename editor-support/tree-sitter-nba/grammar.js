// The grammar of nba for editors: the rules of grammar/nba.lark, in the same order, as a tree-sitter grammar.
//
// The two are held together by tests: every policy of the repository parses here without an error, and the
// keywords are the same. Where this grammar takes a little more than the compiler does (a declaration that is
// indented, say), the compiler is right.
//
// - Line ends are white space, but after a row of `table` or `cases` one is asked for: a '\n' that the parser
//   expects comes before the white space it would be elsewhere. After a bar, a comma or an operator none is
//   expected, so that a row goes on in the next line.
// - Keywords are words that are expected where they stand. Everywhere else they are names.

const list = (rule) => seq(rule, repeat(seq(',', rule)));
const block = (item) => seq('{', repeat(item), '}');

module.exports = grammar({
  name: 'nba',

  word: ($) => $.identifier,

  extras: ($) => [$.comment, /\s/],

  // What follows decides: after a comma another word of a list, the next field, or `unknown passes`;
  // after `or` a condition, or `else`.
  conflicts: ($) => [
    [$.words],
    [$.options],
    [$._defaulted, $.or_else],
  ],

  rules: {
    source_file: ($) => repeat($._declaration),

    _declaration: ($) => choice(
      $.policy, $.import, $.profile, $.context, $.parameter, $.define, $.function, $.table, $.channel, $.group,
      $.action, $.priority, $.arbitrate, $.holdout, $.experiment, $.explore, $.guarantee, $.test,
      $.limit, $.rest, $.budget, $.quiet,
    ),

    // --- the policy and its inputs ---

    policy: ($) => seq('policy', field('name', $.identifier), block($.setting)),
    setting: ($) => choice(
      seq('title', $.string),
      seq('owner', $.string),
      seq('timezone', $.string),
      seq('currency', $.currency),
      seq('week', 'starts', $.identifier),
      seq('purposes', $.names),
    ),

    import: ($) => seq('import', choice(field('file', $.string), field('module', $.module))),
    module: ($) => seq($.identifier, repeat(seq('.', $.identifier))),

    profile: ($) => seq(
      'profile', field('name', $.identifier), 'key', field('key', $.identifier), block($.field),
    ),
    context: ($) => seq('context', block($.field)),

    field: ($) => seq(field('name', $.identifier), ':', field('type', $.type), repeat($.modifier)),
    type: ($) => choice($.identifier, seq('one', 'of', $.words), seq('any', 'of', $.words)),
    modifier: ($) => choice($._bound, seq('=', $._expression)),
    _bound: ($) => choice(
      seq('in', choice($.range, $.unit, $.currency)),
      'optional',
      seq('or', 'never'),
      seq('only', 'for', $.identifier),
      seq('from', 'column', $.string),
    ),
    range: ($) => seq($._sum, '..', $._sum),

    parameter: ($) => seq('parameter', $.field, optional(block($.change))),
    change: ($) => seq('from', $._moment, '=', $._expression),

    define: ($) => seq('define', field('name', $.identifier), '=', $._expression),
    function: ($) => seq(
      'function', field('name', $.identifier), '(', optional(list($.field)), ')', ':', field('type', $.type),
      // A default value would begin like the body.
      repeat(alias($._bound, $.modifier)), '=', $._expression,
    ),

    table: ($) => seq(
      'table', field('name', $.identifier), '(', list($.column), ')', ':', field('type', $.type),
      repeat($.modifier), optional($.hit), $.rows,
    ),
    column: ($) => choice($.identifier, $.field),
    hit: ($) => choice('first', 'unique', seq('collect', $.identifier)),
    rows: ($) => seq('{', $.row, repeat(seq('\n', $.row)), optional('\n'), '}'),
    row: ($) => seq($.cell, repeat(seq('|', $.cell))),
    cell: ($) => choice(
      'any',
      'unknown',
      'never',
      seq($.quantity, 'ago'),
      $.word_set,
      seq($.comparison_operator, $._sum),
      $.range,
      list($._expression),
    ),
    word_set: ($) => seq('[', optional($.words), ']'),

    // --- who may get what, where ---

    channel: ($) => seq('channel', field('name', $.identifier), optional($.was), $.items),
    group: ($) => seq('group', field('name', $.identifier), optional($.was), optional($.parent), $.items),
    action: ($) => seq('action', field('name', $.identifier), optional($.was), optional($.parent), $.items),
    was: ($) => seq('was', list($.string)),
    parent: ($) => seq('in', field('group', $.identifier)),

    items: ($) => block($._item),
    _item: ($) => choice(
      $.title, $.purpose, $.active, $.require, $.eligible, $.exclude, $.via, $.content, $.send, $.propensity,
      $.value, $.cost, $.boost, $.limit, $.rest, $.budget, $.exempt, $.quiet,
    ),

    title: ($) => seq('title', $.string),
    purpose: ($) => seq('purpose', $.identifier),
    active: ($) => seq('active', $.period),
    period: ($) => choice(
      seq('from', $._moment, optional(seq('until', $._moment))),
      seq('until', $._moment),
    ),
    require: ($) => seq('require', $._expression, optional($.unknown_clause), optional($.because)),
    eligible: ($) => seq('eligible', 'when', $._expression, optional($.unknown_clause), optional($.because)),
    exclude: ($) => seq('exclude', 'when', $._expression, optional($.unknown_clause), optional($.because)),
    unknown_clause: ($) => prec.dynamic(1, seq(',', 'unknown', $.identifier)),
    because: ($) => seq('because', $.string),
    via: ($) => seq('via', choice($.names, seq(field('channel', $.identifier), $.items))),
    content: ($) => seq('content', $.string, optional($._when), optional($.items)),
    _when: ($) => seq('when', $._expression),
    send: ($) => seq('send', list($.slot)),
    slot: ($) => choice('now', seq(field('name', $.identifier), 'at', $.clock, optional($.by))),
    by: ($) => seq('by', $.identifier),
    propensity: ($) => seq('propensity', $._expression),
    value: ($) => seq('value', $._expression),
    cost: ($) => seq('cost', $._expression),
    boost: ($) => seq('boost', $._expression, optional($._when)),
    limit: ($) => seq(
      'limit', $._sum, optional($.outcome), optional($.subject), $.window, optional($.unknown_clause),
    ),
    subject: ($) => seq('per', $.identifier),
    window: ($) => choice(
      seq('per', $.quantity),
      seq('per', $.calendar),
      seq(optional('per'), 'since', $.identifier),
      seq(optional('per'), 'ever'),
    ),
    rest: ($) => seq(
      'rest', $.quantity, 'after', optional($.number), $.outcome,
      optional(seq('of', $.identifier)), optional(seq('within', $.quantity)),
    ),
    budget: ($) => seq('budget', $._sum, $.window, ',', $._sum, 'each', optional(seq('on', $.outcome))),
    exempt: ($) => seq('exempt', 'from', 'limits', optional(seq('but', 'counted'))),
    quiet: ($) => seq('quiet', $.clock, 'to', $.clock, optional($.by), optional($.unknown_clause)),

    // --- choosing ---

    priority: ($) => seq('priority', block($.line)),
    line: ($) => choice(seq('everything', 'else'), seq(field('name', $.identifier), optional($._when))),
    arbitrate: ($) => seq('arbitrate', block($.choice)),
    choice: ($) => choice(
      seq('score', $._expression),
      seq('nothing', 'below', $._expression),
      seq('pick', $.number, repeat(seq(',', 'at', 'most', $.number, 'per', $.identifier))),
      seq('fallback', $.identifier),
    ),

    holdout: ($) => seq(
      'holdout', field('name', $.identifier), $.percent, $.by, optional($.seed), optional($.period),
    ),
    experiment: ($) => seq(
      'experiment', field('name', $.identifier), $.by, optional($.seed), '{', list($.arm), optional(','), '}',
    ),
    arm: ($) => seq(field('name', $.identifier), $.percent),
    seed: ($) => seq('seed', $.string),
    explore: ($) => seq('explore', $.percent, optional(seq('among', $.identifier))),

    // --- promises and tests ---

    guarantee: ($) => seq(
      'guarantee', field('name', $.string), ':', choice(
        seq(choice('never', 'some'), field('scope', $.identifier), $._when),
        seq('at', 'most', $.number, field('scope', $.identifier), optional($.subject), $.window),
      ),
    ),
    test: ($) => seq('test', field('name', $.string), block($._test_item)),
    _test_item: ($) => choice($.now, $.givens, $.history, $.cases, $.expect),
    now: ($) => seq('now', $._moment),
    givens: ($) => seq(choice('context', field('profile', $.identifier)), '{', repeat($._given), '}'),
    _given: ($) => seq($.entry, optional(',')),
    history: ($) => seq('history', block($.event)),
    cases: ($) => seq('cases', $.rows),
    entry: ($) => seq(
      field('name', $.identifier),
      ':',
      choice($._expression, seq($.quantity, 'ago'), $.word_set, 'never', 'unknown'),
    ),
    event: ($) => seq(
      field('action', $.identifier), $.outcome, choice(seq($.quantity, 'ago'), $._moment), optional($._channel),
    ),
    _channel: ($) => seq('via', field('channel', $.identifier)),
    expect: ($) => seq('expect', choice(
      seq(field('action', $.identifier), optional($._channel), optional(seq('content', $.string))),
      seq('nothing', optional($.because)),
      seq('no', field('action', $.identifier), optional($.because)),
      seq('score', field('action', $.identifier), 'between', $._sum, 'and', $._sum),
    )),

    // --- expressions, loosest first ---

    _expression: ($) => choice($.if, $._disjunction),
    if: ($) => seq('if', $._expression, 'then', $._expression, 'else', $._expression),
    _disjunction: ($) => choice($._conjunction, $.or),
    // As far as it goes: in `x: number = a or …` it belongs to the default.
    or: ($) => prec(1, seq($._disjunction, 'or', $._conjunction)),
    _conjunction: ($) => choice($._negation, $.and),
    and: ($) => seq($._conjunction, 'and', $._negation),
    _negation: ($) => choice($._comparison, $.not),
    not: ($) => seq('not', $._negation),
    _comparison: ($) => choice($._defaulted, $.comparison),
    comparison: ($) => seq($._defaulted, choice(
      seq($.comparison_operator, $._defaulted),
      seq('is', optional('not'), choice(
        $._defaulted,
        seq('one', 'of', $.options),
        seq('between', $._defaulted, 'and', $._defaulted),
        'known',
        'unknown',
        'never',
      )),
      seq('within', optional('next'), $._sum),
      seq('more', 'than', $._sum, 'ago'),
      seq('starts', 'with', $._sum),
      seq('ends', 'with', $._sum),
      seq('contains', $._sum),
      seq('has', choice($.identifier, $.string, seq(choice('any', 'all', 'none'), 'of', $.words))),
    )),
    options: ($) => list($._sum),
    _defaulted: ($) => choice($._sum, $.or_else),
    or_else: ($) => prec.dynamic(1, seq($._sum, 'or', 'else', $._defaulted)),
    _sum: ($) => choice($._product, $.sum),
    sum: ($) => seq($._sum, choice('+', '-'), $._product),
    _product: ($) => choice($._power, $.product),
    product: ($) => seq($._product, choice('*', '/'), $._power),
    _power: ($) => choice($._unary, $.power),
    power: ($) => seq($._unary, '^', $._power),
    _unary: ($) => choice($._atom, $.negative),
    negative: ($) => seq('-', $._unary),
    _atom: ($) => choice(
      $.number, $.percent, $.money, $.quantity, $.string, $.flag, $._moment, $.clock, $.identifier, $.call,
      $.brackets,
    ),
    flag: ($) => choice('yes', 'no'),
    money: ($) => seq($.number, $.currency),
    call: ($) => seq(field('function', $.identifier), '(', optional(list($._expression)), ')'),
    brackets: ($) => seq('(', $._expression, ')'),
    quantity: ($) => seq($.number, $.unit),
    _moment: ($) => choice($.datetime, $.date),
    names: ($) => list($.identifier),
    words: ($) => list(choice($.identifier, $.string)),

    // --- words ---

    datetime: ($) => /[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{1,2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?/,
    date: ($) => /[0-9]{4}-[0-9]{2}-[0-9]{2}/,
    clock: ($) => /[0-9]{1,2}:[0-9]{2}/,
    percent: ($) => /[0-9][0-9_]*(\.[0-9][0-9_]*)?%/,
    number: ($) => /[0-9][0-9_]*(\.[0-9][0-9_]*)?/,
    currency: ($) => /[A-Z]{3}/,
    string: ($) => /"(\\[^\n]|[^"\\\n])*"/,
    unit: ($) => choice(
      'second', 'seconds', 'minute', 'minutes', 'hour', 'hours', 'day', 'days',
      'week', 'weeks', 'month', 'months', 'year', 'years',
    ),
    calendar: ($) => choice('day', 'week', 'month', 'quarter', 'year'),
    outcome: ($) => choice('decided', 'sent', 'seen', 'clicked', 'accepted', 'rejected', 'ignored'),
    comparison_operator: ($) => choice('<=', '>=', '<', '>'),
    identifier: ($) => /[_\p{L}][_\p{L}\p{N}]*/,
    comment: ($) => /#[^\n]*/,
  },
});
