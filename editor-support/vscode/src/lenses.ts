// What the lines above actions and tests do: they say why a customer gets an action or does not, and run a test.

import * as vscode from 'vscode';

/** Runs nba with arguments where it is seen. */
type Run = (...args: string[]) => Promise<void>;

/** The names of the commands, which the server is told. */
export const LENSES = ['nba.explain', 'nba.test'] as const;

/** The customer that was asked about last. */
let customer = '';

/** What each does with the path of a policy, and an action or the place of a test, FILE:LINE. */
export function lenses(run: Run): Record<(typeof LENSES)[number], (policy: string, what: string) => Promise<void>> {
  return {
    'nba.explain': (policy, action) => explain(run, policy, action),
    'nba.test': (policy, place) => saved(run, 'test', policy, '-k', place),
  };
}

async function explain(run: Run, policy: string, action: string): Promise<void> {
  const asked = await vscode.window.showInputBox({
    title: `Why does a customer get ${action}, or not?`,
    prompt: 'The key of a customer in the profiles that nba.toml names',
    value: customer,
  });
  if (asked !== undefined && asked !== '') {
    customer = asked;
    await saved(run, 'explain', policy, asked, '--why-not', action);
  }
}

/** The program reads files. */
async function saved(run: Run, ...args: string[]): Promise<void> {
  await vscode.workspace.saveAll(false);
  await run(...args);
}
