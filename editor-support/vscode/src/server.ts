// The language server `nba lsp`: found, started, stopped, started again when a setting changes.

import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import * as vscode from 'vscode';
import { LanguageClient, State } from 'vscode-languageclient/node';
import { findNba } from './find';
import { LENSES } from './lenses';
import type { ServerState, Status } from './status';

const STATES: Readonly<Record<State, ServerState>> = {
  [State.Starting]: 'starting',
  [State.StartFailed]: 'stopped',
  [State.Running]: 'running',
  [State.Stopped]: 'stopped',
};

export class Server implements vscode.Disposable {
  private client: LanguageClient | undefined;
  private readonly watcher = vscode.workspace.createFileSystemWatcher('**/{*.nba,nba.toml}');

  constructor(private readonly status: Status) {}

  /** Starts the server, anew if it runs. A folder that is not trusted may bring its own program: then it waits. */
  async restart(): Promise<void> {
    await this.stop();
    if (!vscode.workspace.isTrusted) {
      this.status.set('stopped', 'The server starts when you trust this folder.');
      return;
    }
    const program = await this.program();
    if (program !== undefined) {
      await this.start(program);
    }
  }

  /** The program nba. Where there is none, people are told, and helped. */
  async program(): Promise<string | undefined> {
    const found = findNba(await surroundings());
    if ('program' in found) {
      return found.program;
    }
    this.status.set('missing', found.problem);
    void offerInstallation(found.problem);
    return undefined;
  }

  async stop(): Promise<void> {
    const client = this.client;
    this.client = undefined;
    await client?.dispose();
  }

  /** What the server has written. */
  showOutput(): void {
    this.client?.outputChannel.show();
  }

  dispose(): void {
    this.watcher.dispose();
    void this.stop();
  }

  private async start(program: string): Promise<void> {
    const client = new LanguageClient(
      'nba',
      'nba',
      { command: program, args: ['lsp'] },
      {
        documentSelector: ['file', 'untitled'].map((scheme) => ({ scheme, language: 'nba' })),
        synchronize: { fileEvents: this.watcher },
        initializationOptions: { commands: LENSES },
      },
    );
    client.onDidChangeState(({ newState }) => this.status.set(STATES[newState], `${program} lsp`));
    this.client = client;
    try {
      await client.start();
    } catch (error) {
      this.status.set('stopped', `${program} lsp does not start: ${String(error)}`);
    }
  }
}

async function surroundings(): Promise<Parameters<typeof findNba>[0]> {
  return {
    setting: vscode.workspace.getConfiguration('nba').get('path', ''),
    folders: (vscode.workspace.workspaceFolders ?? []).map((folder) => folder.uri.fsPath),
    python: await activePython(),
    searchPath: process.env['PATH'] ?? '',
    home: homedir(),
    windows: process.platform === 'win32',
    exists: existsSync,
  };
}

/** The part that we use of what the Python extension offers to others. */
interface PythonApi {
  readonly environments: {
    getActiveEnvironmentPath(): { readonly path: string };
    resolveEnvironment(environment: { readonly path: string }): Promise<
      { readonly executable: { readonly uri?: vscode.Uri } } | undefined
    >;
  };
}

async function activePython(): Promise<string | undefined> {
  const extension = vscode.extensions.getExtension<PythonApi>('ms-python.python');
  const environments = (await extension?.activate())?.environments;
  const environment = await environments?.resolveEnvironment(environments.getActiveEnvironmentPath());
  return environment?.executable.uri?.fsPath;
}

async function offerInstallation(problem: string): Promise<void> {
  const install = 'How to install';
  const choose = 'Choose the Program…';
  const answer = await vscode.window.showWarningMessage(problem, install, choose);
  if (answer === install) {
    await vscode.commands.executeCommand('nba.openWalkthrough');
  } else if (answer === choose) {
    await vscode.commands.executeCommand('nba.choosePath');
  }
}
