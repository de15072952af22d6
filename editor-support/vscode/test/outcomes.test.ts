import assert from 'node:assert/strict';
import { test } from 'node:test';
import { outcomes } from '../src/outcomes';

const said = JSON.stringify({
  tests: [
    { title: 'one', case: '', seconds: 0.5, story: '', failures: [] },
    { title: 'rows', case: '17 | tip', seconds: 1, story: '', failures: [] },
    {
      title: 'rows',
      case: '18 | winback',
      seconds: 2,
      story: 'why\n',
      failures: [{ expected: 'winback', got: 'tip', path: 'p.nba', line: 36 }],
    },
  ],
});

test('rows of cases are one block', () => {
  const found = outcomes(said);
  assert.deepEqual(found.get('one'), { seconds: 0.5, failures: [] });
  assert.deepEqual(found.get('rows'), {
    seconds: 3,
    failures: [{ line: 35, text: '18 | winback\nexpected winback\ngot tip\n\nwhy\n' }],
  });
});
