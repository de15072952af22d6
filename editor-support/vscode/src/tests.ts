// The test explorer: the `test` blocks of all policies of the workspace, found by reading the files, run by `nba test`.

import { execFile } from 'node:child_process';
import * as path from 'node:path';
import * as vscode from 'vscode';
import { outcomes, type Outcome } from './outcomes';
import { testBlocks } from './test-blocks';

const POLICIES = '**/*.nba';
const NOT_OURS = '**/{node_modules,.venv,venv}/**';

/** `program`: where nba is; undefined after it was said that it is not there. */
export function registerTests(
  context: vscode.ExtensionContext,
  program: () => Promise<string | undefined>,
): void {
  const controller = vscode.tests.createTestController('nba', 'nba');
  const run = (request: vscode.TestRunRequest, token: vscode.CancellationToken) =>
    runTests(controller, request, token, program);
  controller.createRunProfile('Run', vscode.TestRunProfileKind.Run, run, true);
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

async function runTests(
  controller: vscode.TestController,
  request: vscode.TestRunRequest,
  token: vscode.CancellationToken,
  find: () => Promise<string | undefined>,
): Promise<void> {
  const program = await find();
  if (program === undefined) {
    return;
  }
  await vscode.workspace.saveAll(false);
  const run = controller.createTestRun(request);
  for (const [file, items] of wanted(controller, request)) {
    if (token.isCancellationRequested) {
      break;
    }
    items.forEach((item) => run.started(item));
    const said = await ask(program, file, token);
    items.forEach((item) => tell(run, item, file, said));
  }
  run.end();
}

/** The blocks to run, by their file. */
function wanted(controller: vscode.TestController, request: vscode.TestRunRequest): Map<vscode.Uri, vscode.TestItem[]> {
  const found = new Map<vscode.Uri, vscode.TestItem[]>();
  const files: vscode.TestItem[] = [];
  controller.items.forEach((file) => files.push(file));
  for (const file of files) {
    const items: vscode.TestItem[] = [];
    file.children.forEach((item) => {
      const included = request.include?.some((each) => each.id === item.id || each.id === file.id) ?? true;
      if (included && !request.exclude?.some((each) => each.id === item.id || each.id === file.id)) {
        items.push(item);
      }
    });
    if (file.uri !== undefined && items.length > 0) {
      found.set(file.uri, items);
    }
  }
  return found;
}

/** The outcomes of a file's tests, or why there are none. */
function ask(program: string, file: vscode.Uri, token: vscode.CancellationToken): Promise<Map<string, Outcome> | string> {
  return new Promise((resolve) => {
    const args = ['test', path.basename(file.fsPath), '--format', 'json'];
    const options = { cwd: path.dirname(file.fsPath), maxBuffer: 1 << 28 };
    const process = execFile(program, args, options, (_, out, err) => {
      resolve(out.startsWith('{') ? outcomes(out) : err.trim() || 'nba test said nothing');
    });
    token.onCancellationRequested(() => process.kill());
  });
}

function tell(run: vscode.TestRun, item: vscode.TestItem, file: vscode.Uri, said: Map<string, Outcome> | string): void {
  if (typeof said === 'string') {
    run.errored(item, new vscode.TestMessage(said));
    return;
  }
  const outcome = said.get(item.label);
  if (outcome === undefined) {
    run.skipped(item);
  } else if (outcome.failures.length === 0) {
    run.passed(item, outcome.seconds * 1000);
  } else {
    const messages = outcome.failures.map(({ line, text }) => {
      const message = new vscode.TestMessage(text);
      message.location = new vscode.Location(file, new vscode.Position(line, 0));
      return message;
    });
    run.failed(item, messages, outcome.seconds * 1000);
  }
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
