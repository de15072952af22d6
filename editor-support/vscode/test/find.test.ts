import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findNba, type Surroundings } from '../src/find';

const MACHINE: Surroundings = {
  setting: '',
  folders: ['/home/ann/shop'],
  python: '/opt/python/bin/python',
  searchPath: '/usr/local/bin:/usr/bin',
  home: '/home/ada',
  windows: false,
  exists: () => false,
};

function found(files: readonly string[], more: Partial<Surroundings> = {}): string | undefined {
  const answer = findNba({ ...MACHINE, ...more, exists: (file) => files.includes(file) });
  return 'program' in answer ? answer.program : undefined;
}

test('what people set comes first, then the workspace, the environment, the path', () => {
  const everywhere = ['/x/nba', '/home/ann/shop/.venv/bin/nba', '/opt/python/bin/nba', '/usr/bin/nba'];
  assert.equal(found(everywhere, { setting: '/x/nba' }), '/x/nba');
  for (let n = 1; n < everywhere.length; n += 1) {
    assert.equal(found(everywhere.slice(n)), everywhere[n]);
  }
});

test('a setting that is wrong is said, and nothing else is taken', () => {
  const answer = findNba({ ...MACHINE, setting: '/gone/nba', exists: (file) => file === '/usr/bin/nba' });
  assert.deepEqual(answer, { problem: 'The setting nba.path names /gone/nba, which is not there.' });
});

test('a setting may begin at home or in the workspace', () => {
  assert.equal(found(['/home/ada/bin/nba'], { setting: '~/bin/nba' }), '/home/ada/bin/nba');
  assert.equal(found(['/home/ann/shop/x/nba'], { setting: '${workspaceFolder}/x/nba' }), '/home/ann/shop/x/nba');
});

test('on Windows', () => {
  const windows = { windows: true, folders: ['C:\\shop'], python: undefined, searchPath: 'C:\\a;C:\\b' };
  assert.equal(found(['C:\\shop\\.venv\\Scripts\\nba.exe'], windows), 'C:\\shop\\.venv\\Scripts\\nba.exe');
  assert.equal(found(['C:\\b\\nba.exe'], windows), 'C:\\b\\nba.exe');
});

test('nothing is found where nothing is', () => {
  assert.ok('problem' in findNba(MACHINE));
});
