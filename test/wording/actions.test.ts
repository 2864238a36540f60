/** The table of actions: it has every action that the code writes, and is the one in the documents. */

import { globSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import {
  actionGroups,
  actionOf,
  actionsMarkdown,
  auditActions,
  isActionIn,
} from '../../src/wording/actions.ts';

test('has every action that the code writes to the log', () => {
  const files = globSync('src/**/*.ts', { exclude: ['src/gen/**', 'src/wording/**'] });
  const patterns = [
    /\baction: '([a-z]+\.[a-z_]+)'/g,
    /[eE]vent(?:Of)?\((?:\w+, )?'([a-z]+\.[a-z_]+)'/g,
  ];
  const written = files.flatMap(path => {
    const text = readFileSync(path, 'utf8');
    return patterns.flatMap(each => [...text.matchAll(each)].map(([, name]) => name));
  });
  expect(new Set(written).size).toBeGreaterThan(10);
  expect([...new Set(written)].filter(name => !Object.hasOwn(auditActions, name ?? ''))).toEqual(
    [],
  );
});

test('is the table of docs/audit-log.md: usher audit actions --markdown prints it', () => {
  expect(readFileSync('docs/audit-log.md', 'utf8')).toContain(actionsMarkdown());
});

test('an action of a newer version is told by its name', () => {
  expect(actionOf('a.new_one')).toMatchObject({ title: 'a.new_one', did: 'a.new_one' });
  expect(actionOf('constructor').title).toBe('constructor');
});

test('an action is in its group', () => {
  expect(actionGroups).toContain('token');
  expect(isActionIn('token.create', ['jwt', 'token'])).toBe(true);
  expect(isActionIn('token.create', ['token.revoke'])).toBe(false);
});
