// Colours files with the TextMate grammar, with the engine that VS Code has. Takes paths, prints one JSON object: for
// each path a list of [line, start, end, scopes], lines from 0, columns in UTF-16 units.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import oniguruma from 'vscode-oniguruma';
import textmate from 'vscode-textmate';

const here = new URL('.', import.meta.url);
const wasm = createRequire(import.meta.url).resolve('vscode-oniguruma/release/onig.wasm');
await oniguruma.loadWASM(readFileSync(wasm));
const registry = new textmate.Registry({
  onigLib: Promise.resolve({
    createOnigScanner: (patterns) => new oniguruma.OnigScanner(patterns),
    createOnigString: (text) => new oniguruma.OnigString(text),
  }),
  loadGrammar: async () => JSON.parse(readFileSync(new URL('../syntaxes/nba.tmLanguage.json', here), 'utf8')),
});
const grammar = await registry.loadGrammar('source.nba');

function colours(path) {
  let state = textmate.INITIAL;
  return readFileSync(path, 'utf8').split(/\r?\n/).flatMap((text, line) => {
    const { tokens, ruleStack } = grammar.tokenizeLine(text, state);
    state = ruleStack;
    return tokens.map(({ startIndex, endIndex, scopes }) => [line, startIndex, endIndex, scopes.slice(1)]);
  });
}

console.log(JSON.stringify(Object.fromEntries(process.argv.slice(2).map((path) => [path, colours(path)]))));
