// Bundles the extension into dist/. usage: node esbuild.mjs [--watch] [--tests]
//
// With --tests, those that run inside the editor are bundled too, into build/host.
//
// Three files, so that the editor's start reads only the first: the language client is loaded when the server starts,
// the chart library in the usage view.
import { existsSync } from 'node:fs';
import { context } from 'esbuild';

const common = { bundle: true, minify: true, sourcemap: false, logLevel: 'warning', legalComments: 'none' };
const host = { ...common, platform: 'node', format: 'cjs', target: 'node20' };

const bundles = [
  { ...host, entryPoints: ['src/extension.ts'], outfile: 'dist/extension.js', external: ['vscode', './client.js'], supported: { 'dynamic-import': false } },
  { ...host, entryPoints: ['src/client.ts'], outfile: 'dist/client.js', external: ['vscode'] },
];
if (existsSync('src/usage/page/main.ts')) {
  bundles.push({
    ...common,
    platform: 'browser',
    format: 'iife',
    target: 'es2022',
    entryPoints: ['src/usage/page/main.ts'],
    outfile: 'dist/usage.js',
  });
}

if (process.argv.includes('--tests')) {
  bundles.push({
    ...host,
    minify: false,
    entryPoints: ['test/host/index.ts', 'test/host/*.test.ts'],
    outdir: 'build/host',
    outExtension: { '.js': '.cjs' },
    external: ['vscode', 'mocha'],
  });
}

for (const bundle of bundles) {
  const built = await context(bundle);
  if (process.argv.includes('--watch')) {
    await built.watch();
  } else {
    await built.rebuild();
    await built.dispose();
  }
}
