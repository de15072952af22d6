// Makes the page of `nba edit`, as the package carries it; with `--into DIR`, elsewhere.
import { build } from 'esbuild';
import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';

const at = process.argv.indexOf('--into');
const target = at > 0 ? process.argv[at + 1] : '../../nbadsl/browser/assets';
mkdirSync(target, { recursive: true });
const { metafile } = await build({
  entryPoints: { page: 'src/main.ts' },
  outdir: target,
  bundle: true,
  platform: 'browser',
  target: ['chrome111', 'firefox113', 'safari16.4'],
  format: 'esm',
  minify: true,
  charset: 'utf8',
  legalComments: 'none',
  metafile: true,
});
await build({ entryPoints: ['src/page.css'], outdir: target, minify: true, charset: 'utf8', target: ['chrome111', 'firefox113', 'safari16.4'] });
for (const name of ['index.html', 'icon.svg']) copyFileSync(`src/${name}`, `${target}/${name}`);

// What others have written, under what licence.
const inside = /^node_modules\/((?:@[^/]+\/)?[^/]+)\//;
const packages = new Set(Object.keys(metafile.inputs).map((path) => inside.exec(path)?.[1]).filter((name) => name));
const notices = [...packages].sort().map((name) => {
  const folder = `node_modules/${name}`;
  const { version, license } = JSON.parse(readFileSync(`${folder}/package.json`, 'utf8'));
  const file = readdirSync(folder).find((each) => /^licen[cs]e/i.test(each));
  if (!file) throw new Error(`${name} has no licence`);
  return `${name} ${version} (${license})\n\n${readFileSync(`${folder}/${file}`, 'utf8').trim()}\n`;
});
writeFileSync(`${target}/LICENSES.txt`, notices.join(`\n${'-'.repeat(80)}\n\n`));
