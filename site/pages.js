// Copies docs to site/pages, without their comments, and adds the pages that the code makes: the API from
// proto, and the help of each command.

import { execFileSync } from 'node:child_process';
import { cpSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '..');
const pages = join(import.meta.dirname, 'pages');
rmSync(pages, { recursive: true, force: true });
cpSync(join(root, 'docs'), pages, { recursive: true });
mkdirSync(join(pages, 'reference'));
// Why a test does not run a block is for those who write the pages.
for (const name of globSync('**/*.md', { cwd: pages })) {
  const page = join(pages, name);
  writeFileSync(page, readFileSync(page, 'utf8').replaceAll(/^ *<!-- not run: .+ -->\n/gm, ''));
}

// The site takes HTML for text (see .vitepress/config.js), so comments are left out here, save in code.
for (const page of globSync('**/*.md', { cwd: pages })) {
  const text = readFileSync(join(pages, page), 'utf8');
  const parts = text.split(/^(```[\s\S]*?^```$)/m);
  const shown = parts.map((part, n) =>
    n % 2 === 1 ? part : part.replace(/<!--[\s\S]*?-->\n?/g, ''),
  );
  writeFileSync(join(pages, page), shown.join(''));
}

const bin = join(root, 'node_modules/.bin');
const env = { ...process.env, PATH: `${bin}:${process.env.PATH}`, NO_COLOR: '1' };
const run = (command, args) => execFileSync(command, args, { cwd: root, env, encoding: 'utf8' });

// buf runs the generator as a plugin, and it writes api.md into the folder.
const template = {
  version: 'v2',
  plugins: [
    {
      local: ['node', 'scripts/protoc-gen-api-page.js'],
      out: 'site/pages/reference',
      strategy: 'all',
    },
  ],
};
run('buf', ['generate', '--template', JSON.stringify(template), '--path', 'proto/usher']);

/** The help of a command and of those below it. */
function helpOf(path) {
  const text = run('node', ['bin/usher.js', ...path, '--help']).trim();
  const title = `## usher ${path.join(' ')}`.trimEnd();
  const [, below = ''] = /\nCommands:\n([\s\S]*?)(?:\n\n|$)/.exec(text) ?? [];
  const names = [...below.matchAll(/^ {2}([a-z][\w-]*)/gm)].map(([, name]) => name);
  const own = `${title}\n\n\`\`\`text\n${text}\n\`\`\`\n`;
  const all = names.filter(name => name !== 'help' && name !== 'serve');
  return [own, ...all.map(name => helpOf([...path, name]))].join('\n');
}
const intro = '# The command line\n\nThe help of each command, as `usher … --help` prints it.\n';
writeFileSync(join(pages, 'reference/command-line.md'), `${intro}\n${helpOf([])}`);
