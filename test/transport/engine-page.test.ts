/** docs/engine.md names each file of the HTTP/2 server, and only tests that exist. */

import { globSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { expect, test } from 'vitest';

const page = readFileSync('docs/engine.md', 'utf8');
const files = globSync('src/transport/h2/**/*.ts').map(path =>
  path.replace('src/transport/h2/', ''),
);
const [, rules = ''] = /\n## Where each rule is\n([\s\S]*?)\n## /.exec(page) ?? [];
const quoted = (text: string) =>
  [...text.matchAll(/`([\w/.-]+\.ts)`/g)].map(([, path = '']) => path);

test('each file has a rule, and each rule a file', () => {
  const named = quoted(rules);
  expect(named.filter(path => !files.includes(path))).toEqual([]);
  expect(files.filter(path => !named.includes(path))).toEqual([]);
  const rows = rules.split('\n').filter(line => /^\| [\d–]/.test(line));
  expect(rows.length).toBeGreaterThan(30);
  expect(rows.filter(row => quoted(row).length === 0)).toEqual([]);
});

test('files elsewhere on the page exist', () => {
  const known = new Set(globSync('{src,test,bench}/**/*.ts'));
  const names = new Set([...known].map(path => basename(path)));
  const wrong = quoted(page).filter(path =>
    path.startsWith('src/') || path.startsWith('test/')
      ? !known.has(path)
      : !names.has(basename(path)),
  );
  expect(wrong).toEqual([]);
});

test('each threat has a test, which is there', () => {
  const [, threats = ''] = /\n## Threats\n([\s\S]*?)\n## /.exec(page) ?? [];
  const rows = threats
    .split('\n')
    .filter(line => line.startsWith('| ') && !line.startsWith('| threat'));
  expect(rows.length).toBeGreaterThan(20);
  for (const row of rows) {
    const cell = row.split(' | ').at(-1) ?? '';
    const named = [...cell.matchAll(/`(test\/[\w/.-]+\.ts)`((?:[,;] ".*?")+)/g)];
    expect(named.length, row).toBeGreaterThan(0);
    for (const [, path = '', names = ''] of named) {
      const text = readFileSync(path, 'utf8');
      for (const [, name = ''] of names.matchAll(/"(.*?)"/g)) expect(text, row).toContain(name);
    }
  }
});

test('settings are those that Usher has', () => {
  const known = readFileSync('docs/settings.md', 'utf8');
  const named = [...page.matchAll(/`(USHER_\w+)/g)].map(([, name = '']) => name);
  expect(named.filter(name => !known.includes(`\`${name}\``))).toEqual([]);
});
