// Builds the server and the command line into lib (or the folder given), for the package: JavaScript, file
// by file as in src, because Node strips no types below node_modules.

import { execFileSync } from 'node:child_process';
import { copyFileSync, globSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '..');
const lib = resolve(process.argv[2] ?? join(root, 'lib'));

rmSync(lib, { recursive: true, force: true });
execFileSync('tsc', ['-p', 'tsconfig.build.json', '--outDir', lib], {
  cwd: root,
  stdio: 'inherit',
});
for (const path of globSync('**/*.js', { cwd: lib })) {
  const file = join(lib, path);
  const text = readFileSync(file, 'utf8');
  // tsc renames imports, but not the files that are started as processes.
  const renamed = text.replace(/(new URL\('[^']+)\.ts(', import\.meta\.url\))/g, '$1.js$2');
  if (renamed !== text) writeFileSync(file, renamed);
}
copyFileSync(join(root, 'src/gen/openapi.yaml'), join(lib, 'gen/openapi.yaml'));
