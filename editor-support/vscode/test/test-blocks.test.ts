import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { testBlocks } from '../src/test-blocks';

test('a block ends before the comment of the next declaration', () => {
  const text = 'action a { }\ntest "one" {\n  expect a\n}\n\n# about b\naction b { }\ntest "two" { expect b }\n';
  assert.deepEqual(testBlocks(text), [
    { name: 'one', first: 1, last: 3 },
    { name: 'two', first: 7, last: 7 },
  ]);
});

test('a name is a text', () => {
  assert.deepEqual(testBlocks('test "say \\"no\\"" { }'), [{ name: 'say "no"', first: 0, last: 0 }]);
});

test('what is not a declaration is no test', () => {
  assert.deepEqual(testBlocks('  test "indented" {\n# test "a comment" {\n  test: flag\ntested "x" {\n'), []);
});

test('all tests of a policy of the examples', () => {
  const text = readFileSync('../../examples/scenarios/10-churn-save.nba', 'utf8');
  const names = testBlocks(text).map((block) => block.name);
  assert.deepEqual(names, [
    'a discount when the review alone would not hold them',
    'had a discount this year: a review',
    'safe accounts may buy more',
  ]);
});
