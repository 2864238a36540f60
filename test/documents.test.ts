/** Every file and heading that the documentation links to exists. */

import { existsSync, globSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, test } from 'vitest';

const pages = [
  ...readdirSync('.').filter(file => file.endsWith('.md')),
  ...readdirSync('docs', { recursive: true, encoding: 'utf8' })
    .filter(file => file.endsWith('.md'))
    .map(file => join('docs', file)),
  ...globSync(['deploy/**/README.md', 'packages/*/README.md']),
];

/** Anchors of a page, as GitHub makes them of its headings. */
function anchorsOf(page: string): string[] {
  const headings = readFileSync(page, 'utf8').matchAll(/^#+ (.*)$/gm);
  return [...headings].map(([, text = '']) =>
    text
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

/** Targets of the links of a page, without those elsewhere on the web. */
function linksOf(page: string): string[] {
  const links = readFileSync(page, 'utf8').matchAll(/\]\(([^)\s]+)\)/g);
  return [...links].map(([, target = '']) => target).filter(target => !target.includes('://'));
}

describe('links', () => {
  const all = pages.flatMap(page => linksOf(page).map(target => [page, target] as const));

  test.each(all)('%s leads to %s', (page, target) => {
    const [file = '', anchor] = target.split('#');
    const path = file === '' ? page : normalize(join(dirname(page), file));
    if (anchor === undefined) {
      expect(existsSync(path), path).toBe(true);
    } else {
      expect(anchorsOf(path)).toContain(anchor);
    }
  });
});

test('every reference of a link is defined, once, and used', () => {
  const wrong = pages.flatMap(page => {
    const text = readFileSync(page, 'utf8').replace(/^```[\s\S]*?^```$|`[^`\n]*`/gm, '');
    const defined = [...text.matchAll(/^\[([^\]]+)\]: /gm)].map(([, name]) => name);
    const used = new Set([...text.matchAll(/\]\[([^\]]+)\]/g)].map(([, name]) => name));
    const unused = defined.filter((name, n) => !used.has(name) || defined.indexOf(name) !== n);
    const missing = [...used].filter(name => !defined.includes(name));
    return [...unused, ...missing].map(name => `${page}: ${name}`);
  });
  expect(wrong).toEqual([]);
});

describe('SECURITY.md', () => {
  const text = readFileSync('SECURITY.md', 'utf8');
  const [, claims = ''] = /^## Attackers.*?\n(.*)^## What is not defended/ms.exec(text) ?? [];
  const defences = claims.split(/^- /m).slice(1);

  test.each(defences.map(defence => [/[^\n]*/.exec(defence)?.[0] ?? '', defence] as const))(
    'names the tests of: %s',
    (_, defence) => {
      expect(defence).toMatch(/^ {2}Tests: \[/m);
    },
  );

  test('calls each test by its path', () => {
    const named = [...text.matchAll(/\[([^\]]+)\]\((test\/[^)]+)\)/g)];
    expect(named.length).toBeGreaterThan(80);
    const others = named.filter(([, name, path]) => !path?.startsWith(`test/${name}`));
    expect(others.map(([link]) => link)).toEqual([]);
  });
});

test('the index names every page', () => {
  const index = linksOf('docs/README.md').map(target => join('docs', target));
  const inDocs = pages.filter(page => dirname(page) === 'docs' && page !== 'docs/README.md');
  expect(inDocs.filter(page => !index.includes(page))).toEqual([]);
});
