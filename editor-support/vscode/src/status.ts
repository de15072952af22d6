// The item in the status bar: whether the server runs, and how much it found. A click opens the findings.

import * as vscode from 'vscode';

export type ServerState = 'missing' | 'starting' | 'running' | 'stopped';

export class Status implements vscode.Disposable {
  private readonly item = vscode.window.createStatusBarItem('nba.status', vscode.StatusBarAlignment.Left);
  private readonly subscriptions: vscode.Disposable[];
  private state: ServerState = 'stopped';
  private detail = '';

  constructor() {
    this.item.name = 'nba';
    this.subscriptions = [
      vscode.languages.onDidChangeDiagnostics(() => this.show()),
      vscode.window.onDidChangeActiveTextEditor(() => this.show()),
    ];
    this.show();
  }

  /** `detail` is a sentence that the item shows when the mouse is over it. */
  set(state: ServerState, detail: string): void {
    this.state = state;
    this.detail = detail;
    this.show();
  }

  dispose(): void {
    vscode.Disposable.from(this.item, ...this.subscriptions).dispose();
  }

  private show(): void {
    if (vscode.window.activeTextEditor?.document.languageId !== 'nba') {
      this.item.hide();
      return;
    }
    const troubled = this.state === 'missing' || this.state === 'stopped';
    this.item.text = this.label();
    this.item.tooltip = this.detail;
    this.item.command = troubled ? 'nba.restart' : 'workbench.actions.view.problems';
    this.item.backgroundColor = troubled ? new vscode.ThemeColor('statusBarItem.warningBackground') : undefined;
    this.item.show();
  }

  private label(): string {
    switch (this.state) {
      case 'missing':
        return '$(warning) nba: not installed';
      case 'stopped':
        return '$(warning) nba: stopped';
      case 'starting':
        return '$(sync~spin) nba';
      case 'running': {
        const found = findings();
        return found === 0 ? '$(check) nba' : `$(error) nba: ${found} ${found === 1 ? 'finding' : 'findings'}`;
      }
    }
  }
}

/** Findings in all policies of the workspace. */
function findings(): number {
  return vscode.languages
    .getDiagnostics()
    .filter(([uri]) => uri.path.endsWith('.nba'))
    .reduce((sum, [, found]) => sum + found.length, 0);
}
