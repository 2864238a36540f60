/** Every link of the built site leads to a page, a heading, or a file of the repository. */

import { existsSync } from 'node:fs';
import { expect, test } from 'vitest';
import { builtPages, isFile } from './built-site.ts';

const pages = builtPages();
const source = 'https://github.com/usher-auth/usher/blob/main/';

const decoded = (text: string) => text.replaceAll('&amp;', '&').replaceAll('&#38;', '&');

/** The targets of a page's links and pictures. */
function targetsOf(html: string): string[] {
  return [...html.matchAll(/<(?:a|img|link|script)\b[^>]*?\s(?:href|src)="([^"]*)"/g)].map(
    ([, target = '']) => decoded(target),
  );
}

/** The ids of a page. */
const idsOf = (html: string) =>
  new Set([...html.matchAll(/\sid="([^"]*)"/g)].map(([, id = '']) => decoded(id)));
const ids = new Map([...pages].map(([address, html]) => [address, idsOf(html)]));

/** Why a link is broken; absent if it is not. */
function fault(from: string, target: string): string | undefined {
  if (target.startsWith(source)) {
    const [file = ''] = target.slice(source.length).split('#');
    return existsSync(file) ? undefined : 'no such file in the repository';
  }
  if (/^(?:https?|mailto):/.test(target)) return undefined;
  const { pathname, hash } = new URL(target, `http://site${from}`);
  const address = pathname.replace(/(?:index)?\.html$/, '');
  const known = ids.get(address) ?? ids.get(`${address}/`);
  if (known === undefined) return isFile(pathname) ? undefined : 'no such page';
  const id = decodeURIComponent(hash.slice(1));
  return id === '' || known.has(id) ? undefined : 'no such heading';
}

test('no link is broken', () => {
  const broken = [...pages].flatMap(([from, html]) =>
    targetsOf(html).flatMap(target => {
      const why = fault(from, target);
      return why === undefined ? [] : [`${from} -> ${target}: ${why}`];
    }),
  );
  expect(broken).toEqual([]);
});

test('a link to a page, a heading or a file that is not there is found', () => {
  expect(fault('/', '/nowhere')).toBe('no such page');
  expect(fault('/', '/settings#nothing')).toBe('no such heading');
  expect(fault('/', `${source}nothing.md`)).toBe('no such file in the repository');
  expect(fault('/decisions/', '../settings')).toBeUndefined();
});

test.each([
  ['/reference/api', ['VerifierService.Verify', 'usher-v1-verifyresponse']],
  ['/reference/command-line', ['usher token create', '--kind']],
  ['/settings', ['USHER_LEASE_MS']],
  ['/benchmarks', ['unary gRPC Verify']],
  ['/chaos', ['<table']],
])('%s is made from the code and its runs', (address, texts) => {
  for (const text of texts) expect(pages.get(address)).toContain(text);
});

test('no page shows a comment of its Markdown', () => {
  const shown = [...pages].filter(([, html]) => html.includes('&lt;!--'));
  expect(shown.map(([address]) => address)).toEqual([]);
});
