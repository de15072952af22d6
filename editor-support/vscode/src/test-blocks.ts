// The `test` blocks of a file. A declaration begins in column 0, so a line tells; the name is a text like any other.

/** A block: its name, and the first and last of its lines, from 0. */
export interface TestBlock {
  readonly name: string;
  readonly first: number;
  readonly last: number;
}

const BEGINS = /^test\s+"((?:\\.|[^"\\])*)"/;
const DECLARATION = /^[\p{L}_]/u;

export function testBlocks(text: string): TestBlock[] {
  const lines = text.split(/\r?\n/);
  return lines.flatMap((line, first) => {
    const name = BEGINS.exec(line)?.[1];
    return name === undefined ? [] : [{ name: name.replace(/\\(.)/g, '$1'), first, last: lastLine(lines, first) }];
  });
}

/** The last line that belongs to the declaration at `first`: comments and blank lines belong to what follows. */
function lastLine(lines: readonly string[], first: number): number {
  const next = lines.findIndex((line, at) => at > first && DECLARATION.test(line));
  let last = (next < 0 ? lines.length : next) - 1;
  while (last > first && /^\s*(#.*)?$/.test(lines[last] ?? '')) {
    last -= 1;
  }
  return last;
}
