// The panel: counts on the sample, tests, and one customer's story.

import type { Candidate, Figures, Maybe, Place, Step, Story, TestResult, Told } from './answers';
import { button, byId, count, element, people, replaceIn, share } from './dom';

type Go = (place: Place) => void;

const colours = 8; // of actions, in page.css; then they begin again
const mostActions = 200;

function bodyOf(section: string): Element {
  return document.querySelector(`#${section} .body`) as Element;
}

function excuse<T extends object>(section: string, part: Maybe<T>): part is { missing: string } | { error: string } {
  const said = 'missing' in part ? part.missing : 'error' in part ? part.error : null;
  if (said === null) return false;
  bodyOf(section).replaceChildren(element('p', { class: 'error' in part ? 'trouble' : 'muted' }, said));
  return true;
}

/** The line above all, which has its place also when it is empty: what is below must not jump while somebody types. */
export function notice(text: string, kind: 'trouble' | 'muted' = 'muted'): void {
  const line = byId('notice');
  line.textContent = text;
  line.className = kind;
}

// --- decisions ---

/** `before`: what each action had when the text was saved last, for the differences. */
export function showFigures(part: Maybe<Figures>, before: Map<string, number> | null, go: Go, choose: (customer: string) => void): void {
  if (excuse('figures', part)) return;
  const figures = part as Figures;
  const named = new Map(figures.customers.map(([key, action]) => [action, key]).reverse() as [string, string][]);
  const order = figures.actions.map((action, index) => ({ action, colour: `c${index % colours}` }));
  order.sort((a, b) => b.action.chosen - a.action.chosen);
  const rows = order.slice(0, mostActions).map(({ action, colour }) => {
    const difference = before ? action.chosen - (before.get(action.name) ?? 0) : 0;
    const example = named.get(action.name);
    return element(
      'details',
      { class: 'action', 'data-key': action.name },
      element(
        'summary',
        {},
        element('span', { class: `swatch ${colour}` }),
        element('span', { class: 'name' }, action.name),
        element('span', { class: `difference ${difference < 0 ? 'down' : 'up'}` }, difference ? signed(difference) : ''),
        element('span', { class: 'number' }, count(action.chosen)),
        element('span', { class: 'share' }, share(action.chosen, figures.people)),
      ),
      ...action.candidates.map((candidate) => funnel(candidate, colour, action.candidates.length > 1, go)),
      example === undefined
        ? null
        : element('p', { class: 'example' }, button(`Why ${example}?`, () => choose(example), { class: 'link' })),
    );
  });
  if (order.length > mostActions) rows.push(element('details', {}, element('summary', {}, `… ${order.length - mostActions} more actions`)));
  const nothing = figures.people - figures.decided;
  replaceIn(bodyOf('figures'), [
    element(
      'p',
      { class: 'total' },
      element('strong', {}, share(figures.decided, figures.people)),
      ` ${figures.decided === 1 ? 'gets' : 'get'} an action: ${count(figures.decided)} of ${people(figures.people)}`,
    ),
    bar(order.map(({ action, colour }) => [action.chosen, colour, action.name] as const), figures.people),
    element('div', { class: 'actions' }, ...rows, nothing > 0 ? reasons(figures, nothing) : null),
  ]);
  notice(about(figures));
  byId('customers').replaceChildren(
    ...figures.customers.map(([key, action]) => element('option', { value: key }, action || 'nothing')),
  );
}

function bar(parts: (readonly [number, string, string])[], all: number): Element {
  const line = element('div', { class: 'bar', role: 'img', 'aria-label': parts.map(([n, , name]) => `${name} ${share(n, all)}`).join(', ') });
  for (const [n, colour, name] of parts) {
    if (!n) continue;
    const part = element('span', { class: colour, title: `${name}: ${count(n)}` });
    part.style.width = `${(n / Math.max(all, 1)) * 100}%`;
    line.append(part);
  }
  return line;
}

function funnel(candidate: Candidate, colour: string, isOneOfMany: boolean, go: Go): Element {
  const list = element('ol', { class: 'funnel' });
  if (isOneOfMany) list.append(element('li', { class: 'candidate' }, candidate.name));
  list.append(level('everybody', 'All of the sample', candidate.considered, candidate.considered, '', colour));
  for (const step of candidate.steps) {
    const label = step.place ? button(step.reason, () => go(step.place as Place), { class: 'link', title: `${step.place.name}:${step.place.line}` }) : step.reason;
    list.append(level(step.stage, label, step.left, candidate.considered, lost(step), colour));
  }
  list.append(level('chosen', 'Chosen', candidate.chosen, candidate.considered, '', colour));
  return list;
}

function lost(step: Step): string {
  if (!step.stopped) return '';
  return `−${count(step.stopped)}${step.unknown ? ` (${count(step.unknown)} unknown)` : ''}`;
}

function level(stage: string, label: Node | string, left: number, all: number, gone: string, colour: string): Element {
  const fill = element('span', { class: `fill ${colour}` });
  fill.style.width = `${(left / Math.max(all, 1)) * 100}%`;
  const said = stage === 'everybody' || stage === 'chosen' ? null : element('span', { class: 'stage' }, stage);
  return element(
    'li',
    { 'data-stage': stage },
    element('span', { class: 'label' }, said, label),
    element('span', { class: 'lost' }, gone),
    element('span', { class: 'number' }, count(left)),
    element('span', { class: 'track' }, fill),
  );
}

function reasons(figures: Figures, nothing: number): Element {
  return element(
    'details',
    { class: 'action none', 'data-key': '' },
    element(
      'summary',
      {},
      element('span', { class: 'swatch none' }),
      element('span', { class: 'name' }, 'nothing'),
      element('span', { class: 'difference' }),
      element('span', { class: 'number' }, count(nothing)),
      element('span', { class: 'share' }, share(nothing, figures.people)),
    ),
    element(
      'ul',
      { class: 'reasons' },
      ...figures.nothing.map((each) => element('li', {}, element('span', {}, each.name), element('span', { class: 'number' }, count(each.people)))),
    ),
  );
}

function about(figures: Figures): string {
  const parts = [`${figures.sample} at ${figures.now}`];
  const rejected = figures.rejected.reduce((sum, each) => sum + each.people, 0);
  if (rejected) parts.push(`${people(rejected)} left out: bad data in ${figures.rejected.map((r) => r.name).join(', ')}`);
  if (figures.contacts > figures.decided) parts.push(`${count(figures.contacts)} contacts on all places`);
  if (figures.limits) parts.push('as if nobody had been contacted before');
  return parts.join('; ');
}

function signed(n: number): string {
  return n > 0 ? `+${count(n)}` : `−${count(-n)}`;
}

// --- tests ---

export function showTests(part: Maybe<{ tests: TestResult[] }>, go: Go): void {
  if (excuse('tests', part)) return;
  const { tests } = part as { tests: TestResult[] };
  const failed = tests.filter((test) => test.failures.length);
  const passed = tests.length - failed.length;
  const said = tests.length
    ? failed.length
      ? `${count(failed.length)} of ${count(tests.length)} ${tests.length === 1 ? 'fails' : 'fail'}`
      : `${passed === 1 ? '1 test passes' : `all ${count(passed)} tests pass`}`
    : 'There are no tests yet: test "…" { … } in a policy is one.';
  replaceIn(bodyOf('tests'), [
    element('p', { class: tests.length ? (failed.length ? 'verdict bad' : 'verdict good') : 'muted' }, said),
    ...failed.map((test) => failure(test, go)),
  ]);
}

function failure(test: TestResult, go: Go): Element {
  const place = test.place;
  return element(
    'details',
    { class: 'failure', 'data-key': test.name },
    element('summary', {}, test.name),
    ...test.failures.map((each) =>
      element(
        'dl',
        {},
        element('dt', {}, 'expected'),
        element('dd', {}, each.place ? button(each.expected, () => go(each.place as Place), { class: 'link' }) : each.expected),
        element('dt', {}, 'got'),
        element('dd', {}, each.got),
      ),
    ),
    element('pre', {}, test.story),
    place ? element('p', {}, button(`Go to the test, line ${place.line}`, () => go(place), { class: 'link' })) : null,
  );
}

// --- one customer ---

export function showStory(part: Maybe<Story>, go: Go): void {
  if (excuse('story', part)) return;
  const story = part as Story;
  const input = byId<HTMLInputElement>('customer');
  if (!input.value && document.activeElement !== input) input.value = story.customer;
  const arms = story.arms.map(([experiment, arm]) => `${experiment}: arm ${arm}`);
  const chance = story.probability !== null && story.probability !== 1 ? [`probability ${story.probability.toPrecision(3)}`] : [];
  replaceIn(bodyOf('story'), [
    element('p', { class: 'decision' }, element('strong', {}, story.decision), element('span', { class: 'muted' }, ` ${[story.reason, ...chance, ...arms].join(', ')}`)),
    element('ul', { class: 'fates' }, ...story.candidates.map((told) => fate(told, go))),
    element(
      'details',
      { 'data-key': 'profile' },
      element('summary', {}, 'Profile'),
      element('dl', { class: 'profile' }, ...Object.entries(story.profile).flatMap(([name, value]) => [element('dt', {}, name), element('dd', {}, value)])),
    ),
  ]);
}

function fate(told: Told, go: Go): Element {
  const why = told.place ? button(told.why, () => go(told.place as Place), { class: 'link' }) : told.why;
  const details = [told.score === null ? '' : `score ${Number(told.score.toPrecision(6))}`, told.tier, told.limit?.said ?? ''].filter((x) => x);
  const values = told.values.map(([name, value]) => element('span', { class: 'value' }, `${name} = ${value}`));
  return element(
    'li',
    { 'data-fate': told.fate },
    element('span', { class: 'head' }, element('span', { class: 'name' }, told.candidate), element('span', { class: 'fate' }, told.said)),
    told.why ? element('span', { class: 'why' }, why, told.blocked_by_unknown ? ' (unknown, so it stops)' : null) : null,
    details.length ? element('span', { class: 'why muted' }, details.join(' · ')) : null,
    values.length ? element('span', { class: 'values' }, ...values) : null,
  );
}
