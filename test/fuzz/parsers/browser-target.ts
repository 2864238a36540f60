/** What a browser, or a page of another site, sends to the API Manager: cookies, Host and Origin. */

import assert from 'node:assert/strict';
import { readCookie } from '../../../src/manager/cookie.ts';
import { cameOverTls } from '../../../src/manager/over-tls.ts';
import { madeByOtherSite, madeByOwnPage } from '../../../src/manager/same-origin.ts';
import { answersToHosts } from '../../../src/transport/http/hosts.ts';
import type { Target } from '../target.ts';

const answers = answersToHosts(['usher.example.com']);
const names = ['cookie', 'host', 'origin', 'sec-fetch-site', 'content-type', 'forwarded'] as const;

/** The lines are the headers of `names`; an empty one is missing. */
function play(input: Buffer): void {
  const lines = input
    .toString('latin1')
    .replaceAll(/[\0\r]/g, '')
    .split('\n');
  const given = names
    .map((name, n) => [name, lines[n] ?? ''] as const)
    .filter(([, value]) => value !== '');
  const headers: Partial<Record<(typeof names)[number], string>> = Object.fromEntries(given);
  checkCookie(headers.cookie);
  checkHost(headers.host);
  checkOrigin(headers);
  const socket = {} as Parameters<typeof cameOverTls>[0]['socket'];
  const isSecure = cameOverTls({ headers, socket });
  if (isSecure) assert.match(headers.forwarded ?? '', /proto="?https/i);
}

/** A session's cookie counts if the header has one of its name. */
function checkCookie(header: string | undefined): void {
  const read = readCookie(header);
  const pairs = (header ?? '').split(';').map(pair => {
    const at = pair.indexOf('=');
    return at === -1 ? ['', pair.trim()] : [pair.slice(0, at).trimStart(), pair.slice(at + 1)];
  });
  const named = (name: string) =>
    pairs.filter(([each]) => each === name).map(([, value]) => value?.trimEnd());
  const [secure, plain] = [named('__Host-usher-session'), named('usher-session')];
  const expected = secure.length === 1 ? secure[0] : plain.length === 1 ? plain[0] : undefined;
  assert.equal(read, expected, 'another cookie');
}

/** A name that is answered to is this machine's, as the URL standard reads it. */
function checkHost(host: string | undefined): void {
  if (!answers(host, '192.0.2.7')) return;
  const { hostname, pathname, username } = new URL(`http://${host}`);
  assert.equal(pathname + username, '/');
  const isOurs =
    ['usher.example.com', 'localhost', '[::1]', '192.0.2.7'].includes(
      hostname.replace(/\.$/, ''),
    ) ||
    /^127(\.\d+){3}$/.test(hostname) ||
    /\.localhost\.?$/.test(hostname);
  assert(isOurs, `it answers to ${hostname}`);
}

/** A request that changes something comes from a page of this host. */
function checkOrigin(headers: Partial<Record<string, string>>): void {
  const isOwn = madeByOwnPage(headers);
  const { origin, host } = headers;
  const site = headers['sec-fetch-site'];
  if (!isOwn) return;
  assert(!madeByOtherSite(headers));
  assert(site === 'same-origin' || site === undefined, `site ${site}`);
  assert(site !== undefined || origin !== undefined, 'nothing says whose page it was');
  if (origin !== undefined) assert.equal(new URL(origin).host, host?.toLowerCase());
  const type = headers['content-type']?.split(';')[0]?.trim().toLowerCase() ?? '';
  assert(!['', 'text/plain', 'multipart/form-data'].includes(type), 'a form could have sent it');
}

const seed = (...lines: string[]) => Buffer.from(lines.join('\n'));

/** The headers. */
export const browserTarget: Target = {
  name: 'browser',
  share: 1,
  bytesMax: 2000,
  seeds: [
    seed(
      '__Host-usher-session=abc; other=1',
      'usher.example.com',
      'https://usher.example.com',
      'same-origin',
      'application/json',
      'for=192.0.2.43;proto=https;by=203.0.113.43',
    ),
    seed('usher-session=a; usher-session=b', 'localhost:8080', 'http://localhost:8080', '', 'a/b'),
    seed('usher-session=a', 'a.localhost.', 'null', 'cross-site', 'text/plain', 'proto=http'),
    seed(
      ' usher-session=a=b ;',
      '[::1]:1',
      'http://[::1]:1',
      '',
      'application/json; charset=utf-8',
    ),
    seed('usher-session', '127.1', 'http://127.0.0.1', '', 'application/proto', 'proto="https"'),
    seed('', '192.0.2.7', '', 'none', ''),
  ],
  words: [
    ...['usher-session=', '__Host-usher-session=', ';', '; ', '=', ':', '.', '@', '/', '%', '\n'],
    ...['localhost', 'usher.example.com', '127.', '[::1]', 'http://', 'same-origin', 'proto=https'],
    ...['0x7f.1', '2130706433', '\\', '?', '#', '\t', 'application/json', 'xn--'],
  ].map(text => Buffer.from(text)),
  play,
};
