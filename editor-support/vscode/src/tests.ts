// The test explorer: the `test` blocks of all policies of the workspace, found by reading the files.

import * as vscode from 'vscode';
import { testBlocks } from './test-blocks';

const POLICIES = '**/*.nba';
const NOT_OURS = '**/{node_modules,.venv,venv}/**';

export function registerTests(context: vscode.ExtensionContext): void {
  const controller = vscode.tests.createTestController('nba', 'nba');
  const watcher = vscode.workspace.createFileSystemWatcher(POLICIES);
  const read = async (uri: vscode.Uri): Promise<void> => {
    const text = new TextDecoder().decode(await vscode.workspace.fs.readFile(uri));
    show(controller, uri, text);
  };
  controller.resolveHandler = async (item) => {
    if (item === undefined) {
      await Promise.all((await vscode.workspace.findFiles(POLICIES, NOT_OURS)).map(read));
    }
  };
  context.subscriptions.push(
    controller,
    watcher,
    watcher.onDidCreate(read),
    watcher.onDidChange(read),
    watcher.onDidDelete((uri) => controller.items.delete(uri.toString())),
    vscode.workspace.onDidOpenTextDocument((document) => showDocument(controller, document)),
    vscode.workspace.onDidChangeTextDocument((change) => showDocument(controller, change.document)),
  );
  vscode.workspace.textDocuments.forEach((document) => showDocument(controller, document));
}

function showDocument(controller: vscode.TestController, document: vscode.TextDocument): void {
  if (document.languageId === 'nba' && document.uri.scheme === 'file') {
    show(controller, document.uri, document.getText());
  }
}

function show(controller: vscode.TestController, uri: vscode.Uri, text: string): void {
  const blocks = testBlocks(text);
  if (blocks.length === 0) {
    controller.items.delete(uri.toString());
    return;
  }
  const file = controller.createTestItem(uri.toString(), vscode.workspace.asRelativePath(uri), uri);
  file.children.replace(
    blocks.map(({ name, first, last }) => {
      const item = controller.createTestItem(`${uri.toString()}#${name}`, name, uri);
      item.range = new vscode.Range(first, 0, last, Number.MAX_SAFE_INTEGER);
      return item;
    }),
  );
  controller.items.add(file);
}
