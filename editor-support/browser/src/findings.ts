// Findings of the language server: squiggles, their fixes, and the sentence below the text for where the cursor is.

import { forEachDiagnostic, lintGutter, setDiagnostics, type Action, type Diagnostic } from '@codemirror/lint';
import { LSPPlugin, type LSPClientExtension } from '@codemirror/lsp-client';
import { Facet, type ChangeSpec, type EditorState } from '@codemirror/state';
import { EditorView, ViewPlugin, type ViewUpdate } from '@codemirror/view';
import type { CodeAction, Diagnostic as Found, WorkspaceEdit } from 'vscode-languageserver-protocol';

const severities = ['error', 'error', 'warning', 'info', 'hint'] as const;
const pause = 120; // milliseconds without a keystroke, after which the server is told

export interface Counts {
  errors: number;
  warnings: number;
}

export function counts(state: EditorState): Counts {
  const found = { errors: 0, warnings: 0 };
  forEachDiagnostic(state, (d) => {
    if (d.severity === 'error') found.errors++;
    if (d.severity === 'warning') found.warnings++;
  });
  return found;
}

export function findings(changed: (view: EditorView) => void): LSPClientExtension {
  return {
    clientCapabilities: {
      textDocument: { codeAction: { codeActionLiteralSupport: { codeActionKind: { valueSet: ['quickfix'] } } } },
    },
    editorExtension: [asks, heard.of(changed), lintGutter()],
  };
}

const heard = Facet.define<(view: EditorView) => void>();

/** Tells the server of changes, and asks what it finds, when nobody has typed for a moment. */
const asks = ViewPlugin.fromClass(
  class {
    private timer: ReturnType<typeof setTimeout> | undefined;

    update(update: ViewUpdate): void {
      if (!update.docChanged) return;
      clearTimeout(this.timer);
      this.timer = setTimeout(() => void ask(update.view), pause);
    }

    destroy(): void {
      clearTimeout(this.timer);
    }
  },
);

/** Have the findings of the text as it is, then their fixes, shown. */
export async function ask(view: EditorView): Promise<void> {
  const plugin = LSPPlugin.get(view);
  if (!plugin?.client.connected) return;
  const { client, uri } = plugin;
  client.sync();
  const { doc } = view.state;
  const isCurrent = (): boolean => view.state.doc === doc && LSPPlugin.get(view)?.uri === uri;
  const draw = (found: readonly Found[], fixes: readonly CodeAction[]): void => {
    if (!isCurrent()) return;
    show(view, plugin, found, fixes);
    for (const hears of view.state.facet(heard)) hears(view);
  };
  try {
    const asked = { textDocument: { uri } };
    const found = (await client.request<unknown, { items: Found[] }>('textDocument/diagnostic', asked)).items;
    draw(found, []);
    if (found.length && isCurrent()) draw(found, await fixesOf(plugin, found));
  } catch {
    // The text has changed meanwhile, or the server is gone: the next one is asked about soon.
  }
}

function show(view: EditorView, plugin: LSPPlugin, found: readonly Found[], fixes: readonly CodeAction[]): void {
  const shown = found.map((each): Diagnostic => {
    const from = plugin.fromPosition(each.range.start);
    return {
      from,
      to: Math.max(from, plugin.fromPosition(each.range.end)),
      severity: severities[each.severity ?? 1] ?? 'error',
      message: typeof each.message === 'string' ? each.message : each.message.value,
      actions: fixes.filter((fix) => fix.diagnostics?.some((d) => isSame(d, each))).map(asAction),
    };
  });
  view.dispatch(setDiagnostics(view.state, shown));
}

function isSame(one: Found, other: Found): boolean {
  return one.message === other.message && JSON.stringify(one.range) === JSON.stringify(other.range);
}

function asAction(fix: CodeAction): Action {
  return { name: fix.title, apply: (view) => applyEdit(view, fix.edit) };
}

async function fixesOf(plugin: LSPPlugin, diagnostics: Found[]): Promise<CodeAction[]> {
  const range = { start: { line: 0, character: 0 }, end: plugin.toPosition(plugin.view.state.doc.length) };
  const asked = { textDocument: { uri: plugin.uri }, range, context: { diagnostics, only: ['quickfix'] } };
  const found = await plugin.client.request<unknown, CodeAction[] | null>('textDocument/codeAction', asked);
  return (found ?? []).filter((fix) => fix.edit?.changes);
}

function applyEdit(view: EditorView, edit: WorkspaceEdit | undefined): void {
  const plugin = LSPPlugin.get(view);
  if (!plugin) return;
  for (const [uri, edits] of Object.entries(edit?.changes ?? {})) {
    const file = plugin.client.workspace.getFile(uri);
    if (!file) continue;
    const changes: ChangeSpec[] = edits.map((each) => ({
      from: plugin.fromPosition(each.range.start, file.doc),
      to: plugin.fromPosition(each.range.end, file.doc),
      insert: each.newText,
    }));
    plugin.client.workspace.updateFile(uri, { changes, userEvent: 'fix', scrollIntoView: true });
  }
  view.focus();
}

/** The findings at the cursor: those it is in, else those of its line. */
export function atCursor(state: EditorState): Diagnostic[] {
  const { from, to, head } = state.selection.main;
  const line = state.doc.lineAt(head);
  const inside: Diagnostic[] = [];
  const onLine: Diagnostic[] = [];
  forEachDiagnostic(state, (d, start, end) => {
    if (start <= to && end >= from) inside.push(d);
    else if (start <= line.to && end >= line.from) onLine.push(d);
  });
  return inside.length ? inside : onLine;
}

/** Apply the first fix at the cursor. */
export function fix(view: EditorView): boolean {
  for (const finding of atCursor(view.state)) {
    const action = finding.actions?.[0];
    if (action) {
      action.apply(view, finding.from, finding.to);
      return true;
    }
  }
  return false;
}
