// The page of `nba edit`: files and their server, the panel that follows them, and the keys.

import { isolateHistory } from '@codemirror/commands';
import { nextDiagnostic, openLintPanel } from '@codemirror/lint';
import {
  findReferencesKeymap,
  hoverTooltips,
  jumpToDefinitionKeymap,
  LSPClient,
  renameKeymap,
  serverCompletion,
  signatureHelp,
} from '@codemirror/lsp-client';
import { EditorState } from '@codemirror/state';
import { EditorView, keymap, type KeyBinding } from '@codemirror/view';
import type { FileText, Maybe, Message, Place, Figures } from './answers';
import { button, byId, element } from './dom';
import { extensions, nonce } from './editor';
import { ask, atCursor, counts, findings } from './findings';
import { showHelp } from './help';
import { language } from './language';
import { layOut } from './layout';
import { harmless } from './markup';
import { notice, showFigures, showStory, showTests } from './panel';
import { Socket } from './sockets';
import { Files, OpenFile } from './workspace';

const pause = 250; // milliseconds without a keystroke, after which the panel follows

/** A file of the folder: what is on the disk (`saved`, with its `tag`), and the text. */
interface Document {
  name: string;
  file: OpenFile;
  saved: string;
  tag: string;
  conflict: FileText | null;
}

class Page {
  private root = '';
  private names: string[] = [];
  private readonly documents = new Map<string, Document>();
  private readonly waiting = new Map<string, (document: Document | null) => void>();
  private shown: Document | null = null;
  private readonly view: EditorView;
  private client: LSPClient | null = null;
  private readonly desk: Socket;
  private lsp: Socket | null = null;
  private subscribers: ((text: string) => void)[] = [];

  private asked = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private customer: string | null = null;
  private figures: Figures | null = null;
  private before: Map<string, number> | null = null;
  private rebase = true; // the next figures are those of the saved text

  constructor() {
    this.view = new EditorView({ parent: byId('editor'), state: EditorState.create({ extensions: [nonce, EditorView.editable.of(false)] }) });
    byId('save').addEventListener('click', () => this.save());
    byId('format').addEventListener('click', () => layOut(this.view) && this.view.focus());
    byId('keys').addEventListener('click', showHelp);
    byId('who').addEventListener('submit', (event) => event.preventDefault());
    byId<HTMLInputElement>('customer').addEventListener('change', (event) => this.choose((event.target as HTMLInputElement).value));
    document.addEventListener('keydown', (event) => this.key(event));
    window.addEventListener('beforeunload', (event) => {
      if ([...this.documents.values()].some((each) => this.isDirty(each))) event.preventDefault();
    });
    this.desk = new Socket('desk', {
      opened: () => this.marks(),
      message: (text) => this.told(JSON.parse(text) as Message),
      closed: () => this.marks(),
    });
  }

  // --- what the server says ---

  private told(message: Message): void {
    switch (message.what) {
      case 'hello':
        this.hello(message);
        break;
      case 'file':
        this.opened(message);
        break;
      case 'saved':
        this.saved(message.name, message.tag);
        break;
      case 'conflict':
      case 'changed':
        this.changedOnDisk(message);
        break;
      case 'refused':
        this.waiting.get(message.name)?.(null);
        this.banner(message.message, []);
        break;
      default:
        if (message.id === this.asked) this.answered(message);
    }
  }

  private hello(hello: Extract<Message, { what: 'hello' }>): void {
    document.title = `${hello.policy} – nba edit`;
    byId('folder').textContent = hello.folder;
    this.root = hello.uri.replace(/\/$/, '');
    this.names = hello.files;
    if (!this.lsp) this.startLanguage();
    // After a lost connection everything that is open is compared with the disk anew.
    for (const name of this.documents.keys()) this.send({ do: 'open', name });
    if (!this.documents.size) void this.open(hello.policy).then((document) => document && this.show(document));
    else this.look();
    this.tabs();
  }

  private startLanguage(): void {
    this.client = new LSPClient({
      rootUri: this.root,
      timeout: 20_000,
      sanitizeHTML: harmless,
      highlightLanguage: (name) => (name === 'nba' ? language : null),
      workspace: (client) =>
        new Files(client, {
          open: async (uri) => (await this.open(this.nameOf(uri) ?? ''))?.file ?? null,
          show: (file) => {
            const document = [...this.documents.values()].find((each) => each.file === file);
            if (document) this.show(document);
            return this.view;
          },
          changedUnseen: () => {
            this.changed();
            void ask(this.view);
          },
          ready: () => void ask(this.view),
        }),
      extensions: [
        serverCompletion(),
        hoverTooltips(),
        signatureHelp(),
        keymap.of([...renameKeymap, ...jumpToDefinitionKeymap, ...findReferencesKeymap]),
        findings((view) => this.found(view)),
      ],
    });
    const client = this.client;
    this.lsp = new Socket('lsp', {
      opened: () =>
        client.connect({
          send: (text) => this.lsp?.isOpen && this.lsp.send(text),
          subscribe: (handler) => this.subscribers.push(handler),
          unsubscribe: (handler) => (this.subscribers = this.subscribers.filter((each) => each !== handler)),
        }),
      message: (text) => this.subscribers.forEach((handler) => handler(text)),
      closed: () => client.disconnect(),
    });
  }

  // --- files ---

  private uriOf(name: string): string {
    return `${this.root}/${name.split('/').map(encodeURIComponent).join('/')}`;
  }

  private nameOf(uri: string): string | null {
    const [path, root] = [decodeURIComponent(uri), decodeURIComponent(this.root)];
    return path.startsWith(`${root}/`) ? path.slice(root.length + 1) : null;
  }

  private open(name: string): Promise<Document | null> {
    const known = this.documents.get(name);
    if (known) return Promise.resolve(known);
    if (!this.names.includes(name)) return Promise.resolve(null);
    this.send({ do: 'open', name });
    return new Promise((resolve) => this.waiting.set(name, resolve));
  }

  private opened(text: FileText): void {
    const known = this.documents.get(text.name);
    if (known) {
      this.changedOnDisk(text);
      return;
    }
    const client = this.client as LSPClient;
    const uri = this.uriOf(text.name);
    const ending = text.text.includes('\r\n') ? EditorState.lineSeparator.of('\r\n') : [];
    const state = EditorState.create({
      doc: text.text,
      extensions: [extensions(this.bindings(), (view, isText) => this.edited(view, isText)), ending, client.plugin(uri, 'nba')],
    });
    const document = { name: text.name, file: new OpenFile(uri, state), saved: text.text, tag: text.tag, conflict: null };
    this.documents.set(text.name, document);
    (client.workspace as Files).add(document.file);
    this.waiting.get(text.name)?.(document);
    this.waiting.delete(text.name);
  }

  private show(document: Document): void {
    if (this.shown === document) return;
    if (this.shown) {
      this.client?.sync();
      this.shown.file.state = this.view.state;
    }
    this.shown = document;
    this.view.setState(document.file.state);
    document.file.view = this.view;
    this.view.focus();
    this.tabs();
    this.disk(document);
    this.changed();
    void ask(this.view);
  }

  private textOf(document: Document): string {
    return document.file.current.sliceDoc();
  }

  private isDirty(document: Document): boolean {
    return this.textOf(document) !== document.saved;
  }

  private save(): boolean {
    const document = this.shown;
    if (document && (this.isDirty(document) || document.tag === '')) {
      this.send({ do: 'save', name: document.name, text: this.textOf(document), tag: document.tag });
    }
    return true;
  }

  private saved(name: string, tag: string): void {
    const document = this.documents.get(name);
    if (!document) return;
    document.tag = tag;
    document.saved = this.textOf(document);
    document.conflict = null;
    this.disk(document);
    this.rebase = true;
    this.state('Saved', 'good');
    this.changed();
  }

  private changedOnDisk(disk: FileText): void {
    const document = this.documents.get(disk.name);
    if (!document || disk.tag === document.tag) return;
    if (disk.text === this.textOf(document)) {
      document.saved = disk.text;
      document.tag = disk.tag;
    } else if (this.isDirty(document)) {
      document.conflict = disk;
    } else {
      this.take(document, disk);
      this.state('Read again: the file was changed on the disk', '');
    }
    if (document === this.shown) this.disk(document);
  }

  /** Have the text that is on the disk; undo brings the other one back. */
  private take(document: Document, disk: FileText): void {
    document.saved = disk.text;
    document.tag = disk.tag;
    document.conflict = null;
    const now = document.file.current;
    const insert = now.toText(disk.text);
    const changes = { from: 0, to: now.doc.length, insert };
    this.client?.workspace.updateFile(document.file.uri, { changes, annotations: isolateHistory.of('full') });
    this.rebase = true;
    this.changed();
  }

  /** Say that the file and the text have come apart, if they have. */
  private disk(document: Document): void {
    const other = document.conflict;
    if (!other) {
      this.banner('', []);
      return;
    }
    this.banner(`${document.name} was changed on the disk while you changed it here.`, [
      button('Take the one on the disk', () => {
        this.take(document, other);
        this.disk(document);
        this.view.focus();
      }),
      button('Save mine over it', () => {
        document.tag = other.tag;
        this.save();
        this.view.focus();
      }),
    ]);
  }

  // --- while typing ---

  private edited(view: EditorView, isText: boolean): void {
    this.sentence(view);
    if (isText) this.changed();
  }

  private changed(): void {
    this.marks();
    byId('panel').setAttribute('aria-busy', 'true');
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.look(), pause);
  }

  private look(): void {
    const opened = [...this.documents.values()].map((each) => [each.name, this.textOf(each)] as const);
    if (!opened.length) return;
    this.asked++;
    this.send({ do: 'look', id: this.asked, texts: Object.fromEntries(opened), customer: this.customer });
  }

  private choose(customer: string): void {
    this.customer = customer.trim() || null;
    byId<HTMLInputElement>('customer').value = customer.trim();
    byId('panel').setAttribute('aria-busy', 'true');
    this.look();
  }

  private answered(message: Extract<Message, { id: number }>): void {
    const go = (place: Place): void => void this.go(place);
    switch (message.what) {
      case 'note':
        notice(`${message.text.charAt(0).toUpperCase()}${message.text.slice(1)}.`);
        return;
      case 'mistakes':
        notice(message.error ?? 'The policy has mistakes: figures from before.', 'trouble');
        byId('panel').classList.add('old');
        byId('panel').removeAttribute('aria-busy');
        return;
      case 'tests':
        byId('panel').classList.remove('old');
        showTests(message, go);
        return;
      case 'story':
        showStory(message, go);
        return;
      case 'figures':
        byId('panel').removeAttribute('aria-busy');
        notice('');
        this.count(message, go);
    }
  }

  private count(part: Maybe<Figures>, go: (place: Place) => void): void {
    if ('actions' in part) {
      this.figures = part;
      if (this.rebase && this.shown && !this.isDirty(this.shown)) {
        this.before = new Map(this.figures.actions.map((action) => [action.name, action.chosen]));
        this.rebase = false;
      }
    }
    showFigures(part, this.before, go, (customer) => {
      this.choose(customer);
      byId('story').scrollIntoView({ block: 'start' });
      byId('customer').focus({ preventScroll: true });
    });
  }

  private async go(place: Place): Promise<void> {
    const document = await this.open(place.name);
    if (!document) return;
    this.show(document);
    const line = this.view.state.doc.line(Math.min(place.line, this.view.state.doc.lines));
    const at = line.from + (/^\s*/.exec(line.text)?.[0].length ?? 0);
    this.view.dispatch({ selection: { anchor: at, head: line.to }, effects: EditorView.scrollIntoView(at, { y: 'center' }) });
    this.view.focus();
  }

  // --- what is said around the text ---

  private found(view: EditorView): void {
    this.marks();
    this.sentence(view);
  }

  private marks(): void {
    const document = this.shown;
    if (!document) return;
    const isDirty = this.isDirty(document);
    byId<HTMLButtonElement>('save').disabled = !isDirty && document.tag !== '';
    this.tabs();
    if (!this.desk.isOpen) {
      this.state('Not connected: is nba edit still running?', 'bad');
      return;
    }
    const { errors, warnings } = counts(this.view.state);
    const said = [errors && `${errors} ${errors === 1 ? 'error' : 'errors'}`, warnings && `${warnings} ${warnings === 1 ? 'warning' : 'warnings'}`];
    const text = said.filter((x) => x).join(', ');
    this.state(text || (isDirty ? 'Not saved' : 'No problems'), errors ? 'bad' : warnings ? 'warn' : '');
  }

  private state(text: string, kind: string): void {
    const line = byId('state');
    if (line.textContent === text && line.className === kind) return;
    line.textContent = text;
    line.className = kind;
  }

  private sentence(view: EditorView): void {
    const finding = atCursor(view.state)[0];
    const line = byId('finding');
    if (!finding) {
      const { head } = view.state.selection.main;
      const at = view.state.doc.lineAt(head);
      line.replaceChildren(element('span', { class: 'muted' }, `Line ${at.number}, column ${head - at.from + 1}`));
      return;
    }
    const action = finding.actions?.[0];
    line.replaceChildren(
      element('span', { class: finding.severity }, finding.message.split('\n')[0] ?? ''),
      ...(action ? [button(action.name, () => action.apply(view, finding.from, finding.to)), element('kbd', {}, 'Alt+Enter')] : []),
    );
  }

  private banner(text: string, choices: HTMLButtonElement[]): void {
    const line = byId('banner');
    line.hidden = text === '';
    line.replaceChildren(element('span', {}, text), ...choices);
  }

  private tabs(): void {
    const tabs = this.names.map((name) => {
      const document = this.documents.get(name);
      const isDirty = document !== undefined && this.isDirty(document);
      const tab = button(name, () => void this.open(name).then((d) => d && this.show(d)));
      if (this.shown?.name === name) tab.setAttribute('aria-current', 'page');
      if (isDirty) tab.append(element('span', { class: 'dirty', title: 'not saved' }, '●'));
      return tab;
    });
    const files = byId('files');
    const looks = tabs.map((tab) => tab.outerHTML).join('');
    if (files.dataset['looks'] === looks) return;
    files.dataset['looks'] = looks;
    files.replaceChildren(...tabs);
  }

  // --- keys ---

  private bindings(): KeyBinding[] {
    return [
      { key: 'F8', run: nextDiagnostic },
      { key: 'Shift-Alt-f', run: layOut },
      { key: 'Mod-Shift-m', run: openLintPanel },
    ];
  }

  /** Keys that hold everywhere on the page. */
  private key(event: KeyboardEvent): void {
    if ((event.ctrlKey || event.metaKey) && !event.altKey && event.key.toLowerCase() === 's') this.save();
    else if (event.key === 'F6') this.inEditor() ? byId('panel').focus() : this.view.focus();
    else if (event.key === 'F1') showHelp();
    else return;
    event.preventDefault();
  }

  private inEditor(): boolean {
    return byId('text').contains(document.activeElement);
  }

  private send(message: object): void {
    if (this.desk.isOpen) this.desk.send(JSON.stringify(message));
  }
}

new Page();
