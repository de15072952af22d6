// `nba fmt` in the editor. Only white space changes, so only that is replaced: the cursor stays at its word.

import { LSPPlugin } from '@codemirror/lsp-client';
import type { ChangeSpec } from '@codemirror/state';
import type { EditorView } from '@codemirror/view';
import type { TextEdit } from 'vscode-languageserver-protocol';

export function layOut(view: EditorView): boolean {
  const plugin = LSPPlugin.get(view);
  if (!plugin?.client.connected) return false;
  plugin.client.sync();
  const { doc } = view.state;
  const asked = { textDocument: { uri: plugin.uri }, options: { tabSize: 2, insertSpaces: true } };
  plugin.client.request<unknown, TextEdit[] | null>('textDocument/formatting', asked).then(
    (edits) => {
      if (view.state.doc !== doc) return; // somebody types on: what was laid out is another text
      const changes = (edits ?? []).flatMap((edit) => {
        const from = plugin.fromPosition(edit.range.start);
        return spaces(doc.sliceString(from, plugin.fromPosition(edit.range.end)), edit.newText, from);
      });
      view.dispatch({ changes, userEvent: 'format' });
    },
    () => undefined,
  );
  return true;
}

/** The runs of white space in which two texts differ; both whole where more differs. */
function spaces(old: string, text: string, from: number): ChangeSpec[] {
  const changes: ChangeSpec[] = [];
  const run = /\s*/y;
  const spaceAt = (where: string, at: number): string => {
    run.lastIndex = at;
    return run.exec(where)?.[0] ?? '';
  };
  let [i, j] = [0, 0];
  while (i < old.length || j < text.length) {
    const gap = spaceAt(old, i);
    const insert = spaceAt(text, j);
    if (gap !== insert) changes.push({ from: from + i, to: from + i + gap.length, insert });
    i += gap.length;
    j += insert.length;
    if (old[i] !== text[j]) return [{ from, to: from + old.length, insert: text }];
    i++;
    j++;
  }
  return changes;
}
