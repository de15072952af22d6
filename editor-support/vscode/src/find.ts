// Where the program nba is: looks where people install it, in the order in which they would expect it.

import * as path from 'node:path';

/** What is known of the machine and the workspace. `setting` is the text of `nba.path`, empty when it is not set. */
export interface Surroundings {
  readonly setting: string;
  readonly folders: readonly string[];
  /** The interpreter of the active Python environment, if there is one. */
  readonly python: string | undefined;
  readonly searchPath: string;
  readonly home: string;
  readonly windows: boolean;
  readonly exists: (file: string) => boolean;
}

/** The program, or why there is none, as a sentence for the person who edits. */
export type Found = { readonly program: string } | { readonly problem: string };

export function findNba(at: Surroundings): Found {
  const { join, dirname } = at.windows ? path.win32 : path.posix;
  const file = at.windows ? 'nba.exe' : 'nba';
  const bin = at.windows ? 'Scripts' : 'bin';
  if (at.setting) {
    const program = expand(at.setting, at);
    return at.exists(program) ? { program } : { problem: `The setting nba.path names ${program}, which is not there.` };
  }
  const places = [
    ...at.folders.flatMap((folder) => ['.venv', 'venv'].map((name) => join(folder, name, bin, file))),
    ...(at.python === undefined ? [] : [join(dirname(at.python), file)]),
    ...at.searchPath.split(at.windows ? ';' : ':').filter((folder) => folder).map((folder) => join(folder, file)),
  ];
  const program = places.find(at.exists);
  return program === undefined
    ? { problem: 'The program nba is not installed here: colours work, but mistakes are not shown.' }
    : { program };
}

function expand(setting: string, at: Surroundings): string {
  return setting.replace(/^~(?=[\\/])/, at.home).replaceAll('${workspaceFolder}', at.folders[0] ?? '');
}
