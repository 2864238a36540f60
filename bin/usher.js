#!/usr/bin/env node
// The command `usher`: checks the version of Node, then loads the program. It is plain JavaScript that
// old versions of Node can run.

import { existsSync, readFileSync } from 'node:fs';

const { engines } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
const [oldest] = /\d+/.exec(engines.node);

if (Number.parseInt(process.versions.node, 10) < Number(oldest)) {
  console.error(
    `usher: Usher needs Node ${oldest} or later, and this is Node ${process.versions.node}; ` +
      'install a newer Node (https://nodejs.org); in a checkout, npm ci brings one',
  );
  process.exitCode = 78;
} else {
  // A package holds JavaScript in lib, because Node strips no types below node_modules.
  const root = new URL('..', import.meta.url);
  const main = existsSync(new URL('src/main.ts', root)) ? 'src/main.ts' : 'lib/main.js';
  await import(new URL(main, root));
}
