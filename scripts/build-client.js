/** Builds the SDK into dist/client: JavaScript without dependencies, and its types. */

import { execFileSync } from 'node:child_process';
import { join, resolve } from 'node:path';
import { build } from 'vite';

const root = resolve(import.meta.dirname, '..');
const outDir = join(root, 'dist/client');

await build({
  root: join(root, 'src/client'),
  configFile: false,
  publicDir: false,
  logLevel: 'warn',
  build: {
    outDir,
    emptyOutDir: true,
    // Runs on Node 20 and on browsers of the same age.
    target: 'es2022',
    minify: false,
    sourcemap: false,
    lib: { entry: ['index.ts', 'node.ts'], formats: ['es'] },
    rolldownOptions: {
      external: /^node:/,
      output: { entryFileNames: '[name].js', chunkFileNames: '[name].js' },
    },
  },
});

const types = ['--emitDeclarationOnly', '--declaration', '--noEmit', 'false'];
const out = ['--rootDir', 'src', '--outDir', join(outDir, 'types')];
execFileSync('tsc', ['-p', 'src/client/tsconfig.json', ...types, ...out], {
  cwd: root,
  stdio: 'inherit',
});
