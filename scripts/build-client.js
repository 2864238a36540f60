// Builds the SDK into packages/client/dist (or the folder given): JavaScript as ES modules and as
// CommonJS, each with its types.

import { execFileSync } from 'node:child_process';
import { globSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { build } from 'vite';

const root = resolve(import.meta.dirname, '..');
const dist = resolve(process.argv[2] ?? join(root, 'packages/client/dist'));
const { dependencies } = JSON.parse(
  readFileSync(join(root, 'packages/client/package.json'), 'utf8'),
);
const installed = Object.keys(dependencies);
/** connect-node is bundled: the package demands Node 22, and what the SDK uses of it runs on Node 20. */
const isExternal = id =>
  id.startsWith('node:') || installed.some(name => id === name || id.startsWith(`${name}/`));

rmSync(dist, { recursive: true, force: true });
for (const [folder, format, type] of [
  ['esm', 'es', 'module'],
  ['cjs', 'cjs', 'commonjs'],
]) {
  const outDir = join(dist, folder);
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
      lib: { entry: ['index.ts', 'node.ts'], formats: [format] },
      rolldownOptions: {
        external: isExternal,
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
  for (const path of globSync('types/**/*.d.ts', { cwd: outDir })) {
    const file = join(outDir, path);
    // tsc keeps the endings, and a package holds no .ts files.
    const text = readFileSync(file, 'utf8').replace(/(from ['"]\.[^'"]*)\.ts(['"])/g, '$1.js$2');
    writeFileSync(file, text);
  }
  writeFileSync(join(outDir, 'package.json'), `{"type":"${type}"}\n`);
}
