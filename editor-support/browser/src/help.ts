// The keys of the page, in a dialog.

import { button, byId, element } from './dom';

const isMac = /Mac|iPhone|iPad/.test(navigator.platform);
const command = isMac ? '⌘' : 'Ctrl';
const keys: [string, string][] = [
  [`${command}+S`, 'save'],
  ['F8', 'next problem'],
  ['Alt+Enter', 'apply the fix at the cursor'],
  [`${command}+Shift+M`, 'all problems'],
  [`${isMac ? '⌃' : 'Ctrl'}+Space`, 'complete'],
  ['Shift+Alt+F', 'lay out in the one style'],
  ['F12', 'go to where a name is declared'],
  ['Shift+F12', 'find where a name is used'],
  ['F2', 'rename'],
  [`${command}+F`, 'find and replace'],
  ['F6', 'between text and panel'],
  ['Esc, then Tab', 'leave the text'],
  ['F1', 'these keys'],
];

export function showHelp(): void {
  const dialog = byId<HTMLDialogElement>('help');
  if (dialog.open) return;
  dialog.replaceChildren(
    element('h2', { id: 'help-head' }, 'Keys'),
    element('dl', {}, ...keys.flatMap(([key, what]) => [element('dt', {}, element('kbd', {}, key)), element('dd', {}, what)])),
    button('Close', () => dialog.close()),
  );
  dialog.showModal();
}
