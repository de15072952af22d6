// Findings of the language server: squiggles, their fixes, and the sentence below the text for where the cursor is.

import { forEachDiagnostic, lintGutter, setDiagnostics, type Action, type Diagnostic } from '@codemirror/lint';
import { LSPPlugin, type LSPClient, type LSPClientExtension } from '@codemirror/lsp-client';
import type { ChangeSpec, EditorState } from '@codemirror/state';
import { EditorView, ViewPlugin, type ViewUpdate } from '@codemirror/view';
import type { CodeAction, Diagnostic as Found, PublishDiagnosticsParams, WorkspaceEdit } from 'vscode-languageserver-protocol';

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
      textDocument: {
        publishDiagnostics: { versionSupport: true },
        codeAction: { codeActionLiteralSupport: { codeActionKind: { valueSet: ['quickfix'] } } },
      },
    },
    notificationHandlers: {
      'textDocument/publishDiagnostics': (client, params: PublishDiagnosticsParams) => {
        const file = client.workspace.getFile(params.uri);
        const view = file?.getView();
        if (!file || !view || (params.version !== undefined && params.version !== file.version)) return true;
        show(view, params.diagnostics, []);
        changed(view);
        if (params.diagnostics.length) {
          void fixesOf(client, view, params).then((fixes) => {
            if (fixes.length && file.version === params.version && file.getView() === view) {
              show(view, params.diagnostics, fixes);
              changed(view);
            }
          });
        }
        return true;
      },
    },
    editorExtension: [tellsServer, lintGutter()],
  };
}

const tellsServer = ViewPlugin.fromClass(
  class {
    private timer: ReturnType<typeof setTimeout> | undefined;

    update(update: ViewUpdate): void {
      if (!update.docChanged) return;
      clearTimeout(this.timer);
      this.timer = setTimeout(() => LSPPlugin.get(update.view)?.client.sync(), pause);
    }

    destroy(): void {
      clearTimeout(this.timer);
    }
  },
);

function show(view: EditorView, found: readonly Found[], fixes: readonly CodeAction[]): void {
  const plugin = LSPPlugin.get(view);
  if (!plugin) return;
  const shown = found.map((each): Diagnostic => {
    const [from, to] = [each.range.start, each.range.end].map((at) =>
      plugin.unsyncedChanges.mapPos(plugin.fromPosition(at, plugin.syncedDoc)),
    ) as [number, number];
    return {
      from,
      to: Math.max(from, to),
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

async function fixesOf(client: LSPClient, view: EditorView, params: PublishDiagnosticsParams): Promise<CodeAction[]> {
  const plugin = LSPPlugin.get(view);
  if (!plugin) return [];
  const range = { start: { line: 0, character: 0 }, end: plugin.toPosition(plugin.syncedDoc.length, plugin.syncedDoc) };
  const context = { diagnostics: params.diagnostics, only: ['quickfix'] };
  try {
    const asked = { textDocument: { uri: params.uri }, range, context };
    const found = await client.request<unknown, CodeAction[] | null>('textDocument/codeAction', asked);
    return (found ?? []).filter((fix) => fix.edit?.changes);
  } catch {
    return []; // the text has changed meanwhile: the next findings bring their own
  }
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
