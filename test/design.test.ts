/** Compares DESIGN.md and the decision records with the tree, so that neither goes out of date. */

import { existsSync, globSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, test } from 'vitest';

const design = readFileSync('DESIGN.md', 'utf8');

/** The rooms in the order of imports: each may import those behind it. */
const order = ['main', 'command', 'server', 'transport', 'manager', 'tokens', 'verify', 'store'];
const roomOf = (path: string) => basename(path.split('/')[1] ?? '', '.ts');

/** The paths of this tree that a text names. */
const pathsIn = (text: string) =>
  [...text.matchAll(/`((?:src|test|docs)\/[^`]+)`/g)].map(([, path = '']) => path);

/** The numbered lists of the walks: what stands above each, and the file that begins each step. */
const walks = [...design.matchAll(/^\*\*(.+)\*\*\n((?:\d+\. .*\n(?: {3}.*\n)*)+)/gm)].map(
  ([, title = '', list = '']) => ({
    title,
    steps: [...list.matchAll(/^\d+\. (.*)/gm)].map(
      ([, text = '']) => /^`(src\/[\w/-]+\.ts)`/.exec(text)?.[1] ?? `no file: ${text}`,
    ),
  }),
);
const ranksOf = (way: string) =>
  walks
    .filter(({ title }) => title.startsWith(way))
    .map(({ title, steps }) => ({ title, ranks: steps.map(path => order.indexOf(roomOf(path))) }));

describe('DESIGN.md', () => {
  test('names files and folders that are there', () => {
    expect(pathsIn(design).length).toBeGreaterThan(30);
    expect(pathsIn(design).filter(path => !existsSync(path))).toEqual([]);
    const names = new Set(globSync('{src,test}/**/*.ts').map(path => basename(path)));
    const short = [...design.matchAll(/`([\w-]+\.ts)`/g)].map(([, name = '']) => name);
    expect(short.filter(name => !names.has(name))).toEqual([]);
  });

  test('has walks, each step of which begins with a file', () => {
    expect(walks.map(({ title }) => title)).toEqual([
      'Down, from the gRPC socket',
      'Down, from the HTTP socket',
      'Down, from the handler',
      'Up',
      'Down, in the replica that is asked',
      'Up, in every other replica',
      'In the SDK',
    ]);
    expect(walks.flatMap(({ steps }) => steps).filter(path => !existsSync(path))).toEqual([]);
  });

  test('walks down without a step back up, and up without a step back down', () => {
    for (const { title, ranks } of ranksOf('Down')) {
      expect(ranks, title).not.toContain(-1);
      expect(ranks, title).toEqual(ranks.toSorted((a, b) => a - b));
    }
    for (const { title, ranks } of ranksOf('Up')) {
      expect(ranks, title).not.toContain(-1);
      expect(ranks, title).toEqual(ranks.toSorted((a, b) => b - a));
    }
    const sdk = walks.find(({ title }) => title === 'In the SDK')?.steps.map(roomOf);
    expect(new Set(sdk)).toEqual(new Set(['client']));
  });

  test('draws arrows between rooms that import each other that way', () => {
    const imports = new Set(
      globSync('src/**/*.ts').flatMap(path =>
        [...readFileSync(path, 'utf8').matchAll(/(?:from|import\() ?'(\.[^']+)'/g)].map(
          ([, to = '']) => `${roomOf(path)} --> ${roomOf(join(path, '..', to))}`,
        ),
      ),
    );
    const drawn = /## Rooms[\s\S]*?```mermaid\n([\s\S]*?)```/.exec(design)?.[1] ?? '';
    const arrows = drawn.split('\n').flatMap(line => {
      const names = line.trim().split(' --> ');
      return names.slice(1).map((to, n) => `${names[n]} --> ${to}`);
    });
    expect(arrows.length).toBeGreaterThan(10);
    expect(arrows.filter(arrow => !imports.has(arrow))).toEqual([]);
  });

  test('has a row for each folder of src', () => {
    const table = design.slice(design.indexOf('| room |'), design.indexOf('| folders of'));
    const rows = new Set([...table.matchAll(/`(\w+)`(?=[, |])/g)].map(([, name]) => name));
    const isFolder = (name: string) => !name.includes('.');
    expect(readdirSync('src').filter(name => isFolder(name) && !rows.has(name))).toEqual([]);
  });
});

describe('decision records', () => {
  const folder = 'docs/decisions';
  const index = readFileSync(join(folder, 'README.md'), 'utf8');
  const records = readdirSync(folder)
    .filter(name => name !== 'README.md' && name !== 'template.md')
    .sort();
  const textOf = (name: string) => readFileSync(join(folder, name), 'utf8');
  const fieldOf = (name: string, field: string) =>
    new RegExp(`^- ${field}: (.+)$`, 'm').exec(textOf(name))?.[1] ?? '';

  test('are numbered from 0001 without a gap', () => {
    expect(records.length).toBeGreaterThan(20);
    const numbers = records.map(name => /^(\d{4})-[a-z0-9-]+\.md$/.exec(name)?.[1]);
    expect(numbers).toEqual(records.map((_, n) => String(n + 1).padStart(4, '0')));
  });

  test.each(records)('%s has its number, status, date, room and headings', name => {
    const text = textOf(name);
    expect(text).toMatch(new RegExp(`^# ${name.slice(0, 4)}\\. \\S`));
    expect(fieldOf(name, 'Status')).toMatch(/^(accepted|superseded by \d{4})$/);
    expect(fieldOf(name, 'Date')).toMatch(/^\d{4}-\d\d-\d\d$/);
    const headings = [...text.matchAll(/^## (.+)$/gm)].map(([, heading]) => heading);
    expect(headings).toEqual(['Context', 'Decision', 'Cost']);
    const bodies = text.split(/^## .+$/m).slice(1);
    expect(bodies.filter(body => body.trim() === '')).toEqual([]);
  });

  test.each(records)('%s names files that are there, as long as it is accepted', name => {
    const paths = fieldOf(name, 'Status') === 'accepted' ? pathsIn(textOf(name)) : [];
    expect(paths.filter(path => !existsSync(path))).toEqual([]);
  });

  test.each(records)('%s is in the index, under its room, by its title', name => {
    const title = /^# (\d{4})\. (.+)$/m.exec(textOf(name));
    const section = index
      .split(/^## /m)
      .find(part => part.startsWith(`${fieldOf(name, 'Room')}\n`));
    expect(section).toContain(`- [${title?.[1]} ${title?.[2]}](${name}): `);
  });

  test('that supersede others are there', () => {
    const successors = records.flatMap(name => /\d{4}/.exec(fieldOf(name, 'Status')) ?? []);
    const missing = successors.filter(number => !records.some(name => name.startsWith(number)));
    expect(missing).toEqual([]);
  });

  test('are all that the index lists', () => {
    const listed = [...index.matchAll(/\]\((\d{4}[^)]*)\)/g)].map(([, name]) => name);
    expect(listed.toSorted()).toEqual(records);
  });
});
