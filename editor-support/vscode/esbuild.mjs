// Bundles the extension into dist/extension.js, beside the licence of the project; with `--tests`, its tests into dist/test.
import { build } from 'esbuild';
import { copyFileSync, readdirSync } from 'node:fs';

copyFileSync('../../LICENSE', 'LICENSE');
const tests = process.argv.includes('--tests');
await build({
  entryPoints: tests ? readdirSync('test').filter((f) => f.endsWith('.ts')).map((f) => `test/${f}`) : ['src/extension.ts'],
  outdir: tests ? 'dist/test' : 'dist',
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'cjs',
  external: ['vscode'],
  minify: !tests,
  sourcemap: tests,
  legalComments: 'none',
});
