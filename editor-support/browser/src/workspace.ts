// The files that are open, for the language server: one is shown, the others keep their text, history and place.

import { LSPPlugin, Workspace, type LSPClient, type WorkspaceFile } from '@codemirror/lsp-client';
import { ChangeSet, type EditorState, type Text, type TransactionSpec } from '@codemirror/state';
import type { EditorView } from '@codemirror/view';

export class OpenFile implements WorkspaceFile {
  readonly languageId = 'nba';
  version = 0;
  doc: Text;
  /** Changes of a file that is not shown, which the server has not been told. */
  untold: ChangeSet;
  view: EditorView | null = null;

  constructor(
    readonly uri: string,
    public state: EditorState,
  ) {
    this.doc = state.doc;
    this.untold = ChangeSet.empty(state.doc.length);
  }

  getView(): EditorView | null {
    return this.view;
  }

  /** The text as it is now. */
  get current(): EditorState {
    return this.view?.state ?? this.state;
  }
}

export interface Shows {
  /** Open a file of the folder; null for one that is not there. */
  open(uri: string): Promise<OpenFile | null>;
  show(file: OpenFile): EditorView;
  changedUnseen(): void;
  /** The server knows all files, for the first time or again. */
  ready(): void;
}

export class Files extends Workspace {
  files: OpenFile[] = [];

  constructor(
    client: LSPClient,
    private readonly shows: Shows,
  ) {
    super(client);
  }

  add(file: OpenFile): void {
    this.files.push(file);
    if (this.client.connected) this.client.didOpen(file);
  }

  override connected(): void {
    super.connected();
    this.shows.ready();
  }

  override syncFiles() {
    const found = [];
    for (const file of this.files) {
      const plugin = file.view ? LSPPlugin.get(file.view) : null;
      const changes = plugin ? plugin.unsyncedChanges : file.untold;
      if (changes.empty) continue;
      found.push({ file, prevDoc: file.doc, changes });
      file.doc = file.current.doc;
      file.version++;
      plugin?.clear();
      file.untold = ChangeSet.empty(file.doc.length);
    }
    return found;
  }

  override openFile(uri: string, _language: string, view: EditorView): void {
    const file = this.getFile(uri) as OpenFile | null;
    if (file) file.view = view;
  }

  override closeFile(uri: string): void {
    const file = this.getFile(uri) as OpenFile | null;
    if (file) file.view = null;
  }

  override async requestFile(uri: string): Promise<OpenFile | null> {
    return (this.getFile(uri) as OpenFile | null) ?? (await this.shows.open(uri));
  }

  override updateFile(uri: string, update: TransactionSpec): void {
    const file = this.getFile(uri) as OpenFile | null;
    if (!file) return;
    if (file.view) {
      file.view.dispatch(update);
      return;
    }
    const transaction = file.state.update(update);
    file.untold = file.untold.compose(transaction.changes);
    file.state = transaction.state;
    this.shows.changedUnseen();
  }

  override async displayFile(uri: string): Promise<EditorView | null> {
    const file = await this.requestFile(uri);
    return file && this.shows.show(file);
  }
}
