// VS Code in a browser, for tests: node vscode.mjs PLAYWRIGHT CHROMIUM ADDRESS. A file policy.nba in the folder has one
// mistake. Prints what a person sees, as JSON: what is said of the mistake, the status item, the tests.
import { pathToFileURL } from 'node:url';

const [playwright, executablePath, address] = process.argv.slice(2);
const { chromium } = (await import(pathToFileURL(`${playwright}/index.js`).href)).default;
const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
try {
  const page = await browser.newPage({ viewport: { width: 1400, height: 1000 } });
  page.setDefaultTimeout(60_000);
  await page.goto(address, { waitUntil: 'domcontentloaded' });
  await page.waitForSelector('.monaco-workbench .statusbar-item');

  const pick = async (key, text) => {
    await page.keyboard.press(key);
    await page.waitForSelector('.quick-input-widget input');
    await page.keyboard.type(text);
    await page.locator('.quick-input-list .monaco-list-row.focused').filter({ hasText: text.split(' ').at(-1) }).waitFor();
    await page.keyboard.press('Enter');
  };

  await pick('Control+P', 'policy.nba');
  await page.waitForSelector('.squiggly-error');
  await page.locator('.view-line span span', { hasText: 'churn_rsk' }).first().hover();
  const shown = page.locator('.monaco-hover', { hasText: 'there is no value' });
  await shown.first().waitFor();
  const hover = await shown.first().textContent();
  const status = page.locator('.statusbar-item', { hasText: 'nba:' });
  await status.waitFor();

  await pick('F1', 'Testing: Focus on Test Explorer View');
  await page.locator('.test-explorer .monaco-list-row', { hasText: 'policy.nba' }).click();
  await page.keyboard.press('ArrowRight');
  await page.locator('.test-explorer .monaco-list-row').nth(1).waitFor();
  const tests = await page.locator('.test-explorer .monaco-list-row').allTextContents();
  console.log(JSON.stringify({ hover, status: await status.first().textContent(), tests }));
} finally {
  await browser.close();
}
