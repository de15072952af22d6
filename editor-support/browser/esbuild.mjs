// Makes the page of `nba edit`, as the package carries it; with `--into DIR`, elsewhere.
import { build } from 'esbuild';
import { copyFileSync, mkdirSync } from 'node:fs';

const at = process.argv.indexOf('--into');
const target = at > 0 ? process.argv[at + 1] : '../../nbadsl/browser/assets';
mkdirSync(target, { recursive: true });
await build({
  entryPoints: { page: 'src/main.ts' },
  outdir: target,
  bundle: true,
  platform: 'browser',
  target: ['chrome111', 'firefox113', 'safari16.4'],
  format: 'esm',
  minify: true,
  charset: 'utf8',
  legalComments: 'eof',
});
await build({ entryPoints: ['src/page.css'], outdir: target, minify: true, charset: 'utf8', target: ['chrome111', 'firefox113', 'safari16.4'] });
for (const name of ['index.html', 'icon.svg']) copyFileSync(`src/${name}`, `${target}/${name}`);
