// What `nba test --format json` says, by test block.

export interface Outcome {
  readonly seconds: number;
  /** What was expected and what came, each with its line (from 0); none where the test passed. */
  readonly failures: readonly { readonly line: number; readonly text: string }[];
}

interface Told {
  readonly title: string;
  readonly case: string;
  readonly seconds: number;
  readonly story: string;
  readonly failures: readonly { readonly expected: string; readonly got: string; readonly line: number }[];
}

/** The outcome of each block by its name: one with `cases` failed where one of its rows did. */
export function outcomes(json: string): Map<string, Outcome> {
  const found = new Map<string, Outcome>();
  for (const test of (JSON.parse(json) as { tests: Told[] }).tests) {
    const before = found.get(test.title) ?? { seconds: 0, failures: [] };
    const row = test.case === '' ? '' : `${test.case}\n`;
    const failures = test.failures.map(({ expected, got, line }) => ({
      line: line - 1,
      text: `${row}expected ${expected}\ngot ${got}\n\n${test.story}`,
    }));
    found.set(test.title, {
      seconds: before.seconds + test.seconds,
      failures: [...before.failures, ...failures],
    });
  }
  return found;
}
