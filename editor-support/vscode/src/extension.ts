// Begins and ends the extension: the server, the status item, the test explorer, the commands.

import * as vscode from 'vscode';
import { lenses } from './lenses';
import { Server } from './server';
import { Status } from './status';
import { registerTests } from './tests';

let server: Server | undefined;

export async function activate(context: vscode.ExtensionContext): Promise<void> {
  const status = new Status();
  const running = new Server(status);
  server = running;
  context.subscriptions.push(
    status,
    running,
    ...Object.entries({
      ...commands(context, running),
      ...lenses((...args) => run(running, ...args)),
    }).map(([name, act]) => vscode.commands.registerCommand(name, act)),
    vscode.workspace.onDidGrantWorkspaceTrust(() => running.restart()),
    vscode.workspace.onDidChangeConfiguration((change) => {
      if (change.affectsConfiguration('nba.path')) {
        void running.restart();
      }
    }),
  );
  registerTests(context, () => running.program());
  await running.restart();
}

export async function deactivate(): Promise<void> {
  await server?.stop();
}

function commands(context: vscode.ExtensionContext, running: Server): Record<string, () => unknown> {
  return {
    'nba.restart': () => running.restart(),
    'nba.showOutput': () => running.showOutput(),
    'nba.choosePath': choosePath,
    'nba.check': () => run(running, 'check'),
    'nba.newPolicy': () => run(running, 'new', 'my_policy'),
    'nba.openWalkthrough': () =>
      vscode.commands.executeCommand('workbench.action.openWalkthrough', `${context.extension.id}#nba.start`, false),
  };
}

async function choosePath(): Promise<void> {
  const chosen = await vscode.window.showOpenDialog({ title: 'Where is the program nba?', canSelectMany: false });
  const program = chosen?.[0]?.fsPath;
  if (program !== undefined) {
    await vscode.workspace.getConfiguration('nba').update('path', program, vscode.ConfigurationTarget.Global);
  }
}

/** Runs nba in a terminal, in the folder of the file that is edited. */
async function run(server: Server, ...args: string[]): Promise<void> {
  const edited = vscode.window.activeTextEditor?.document.uri;
  const folder = (edited && vscode.workspace.getWorkspaceFolder(edited)) ?? vscode.workspace.workspaceFolders?.[0];
  if (folder === undefined) {
    void vscode.window.showWarningMessage('Open a folder first (menu File, Open Folder…).');
    return;
  }
  const program = await server.program();
  if (program !== undefined) {
    const execution = new vscode.ProcessExecution(program, args, { cwd: folder.uri.fsPath });
    await vscode.tasks.executeTask(new vscode.Task({ type: 'process' }, folder, `nba ${args.join(' ')}`, 'nba', execution));
  }
}
