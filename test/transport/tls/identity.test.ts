import { generateKeyPairSync } from 'node:crypto';
import { expect, test } from 'vitest';
import { IdentityError, readIdentity } from '../../../src/transport/tls/identity.ts';
import { makeCa, makeCertificate, uses } from './make-certificate.ts';

const nowMs = Date.now();
const dayMs = 86_400_000;
const ca = makeCa();
const names = ['DNS:localhost', 'IP:127.0.0.1'];
const good = makeCertificate(ca, 'usher', { names });
const other = makeCertificate(ca, 'other', { names });

test('a certificate with its chain, its key and CAs of clients', () => {
  const between = makeCertificate(ca, 'between', { isCa: true, toMs: nowMs + 5 * dayMs });
  const leaf = makeCertificate(between, 'usher', { names });
  const identity = readIdentity(
    { cert: leaf.cert + between.cert, key: leaf.key, ca: `# ours\n${ca.cert}` },
    nowMs,
  );
  expect(identity.warnings).toEqual([]);
  expect(identity.clientCas).toHaveLength(1);
  // The first that ends ends the chain.
  expect(identity.endsMs).toBe(Math.floor((nowMs + 5 * dayMs) / 1000) * 1000);
});

const encrypted = good.privateKey
  .export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' })
  .toString();
const weak = generateKeyPairSync('rsa', { modulusLength: 512 }).privateKey;

test.each<[string, { cert?: string; key?: string; ca?: string }, string, RegExp]>([
  ['no certificate', { cert: '' }, 'cert', /^names a file without a certificate in PEM form$/],
  ['a key in its place', { cert: good.key }, 'cert', /PEM form but a private key$/],
  ['half of a certificate', { cert: good.cert.slice(0, 200) }, 'cert', /without a certificate/],
  ['half of a chain', { cert: good.cert + ca.cert.slice(0, 200) }, 'cert', /last .* is cut off/],
  [
    'a damaged certificate',
    { cert: good.cert.replace(/^M.{40}/m, 'MIIB') },
    'cert',
    /^names a damaged file: /,
  ],
  [
    'one that has ended',
    pairOf({ names, fromMs: nowMs - 9 * dayMs, toMs: nowMs - dayMs }),
    'cert',
    /^names a certificate that ended at \d{4}-\d\d-\d\d \d\d:\d\d UTC; renew it$/,
  ],
  [
    'one that is not valid yet',
    pairOf({ names, fromMs: nowMs + dayMs }),
    'cert',
    /not valid before .* check this machine's clock/,
  ],
  [
    'a chain that has ended',
    { cert: good.cert + makeCa('old', { fromMs: 0, toMs: dayMs }).cert },
    'cert',
    /a certificate in its chain that ended at 1970-01-02/,
  ],
  ['the key of another', { key: other.key }, 'key', /^is the key of another certificate/],
  ['an encrypted key', { key: encrypted }, 'key', /is encrypted; decrypt it with `openssl pkey/],
  ['no key', { key: good.cert }, 'key', /without a private key/],
  ['half of a key', { key: good.key.slice(0, 90) }, 'key', /is damaged/],
  ['a weak key', pairOf({ names, privateKey: weak }), 'cert', /cannot be used for TLS \(.*small/],
  ['no CA', { ca: '\n' }, 'ca', /without a certificate/],
  ['a CA that is none', { ca: good.cert }, 'ca', /not one of a CA/],
  [
    'a CA without its root',
    { ca: makeCertificate(ca, 'between', { isCa: true }).cert },
    'ca',
    /without their root/,
  ],
  ['a CA that has ended', { ca: makeCa('old', { fromMs: 0, toMs: dayMs }).cert }, 'ca', /ended at/],
])('%s is a mistake', (_, texts, file, message) => {
  try {
    readIdentity({ cert: good.cert, key: good.key, ...texts }, nowMs);
  } catch (error) {
    expect(error).toBeInstanceOf(IdentityError);
    expect(error).toMatchObject({ file, message: expect.stringMatching(message) });
    expect(String(error)).not.toContain('-----');
    return;
  }
  expect.unreachable();
});

test('a CA that has ended may stand beside its successor', () => {
  const old = makeCa('old', { fromMs: 0, toMs: dayMs });
  const texts = { cert: good.cert, key: good.key, ca: old.cert + ca.cert };
  expect(readIdentity(texts, nowMs).clientCas).toHaveLength(2);
});

test.each([
  ['no name', {}, [/without a name \(SAN\)/]],
  ['another use', { names, uses: [uses.client] }, [/not for servers/]],
  ['its use', { names, uses: [uses.client, uses.server] }, []],
])('a certificate with %s', (_, wanted, warnings) => {
  const { cert, key } = pairOf(wanted);
  const texts = readIdentity({ cert, key }, nowMs).warnings.map(([, text]) => text);
  expect(texts).toEqual(warnings.map(pattern => expect.stringMatching(pattern)));
});

function pairOf(wanted: Parameters<typeof makeCertificate>[2]) {
  const { cert, key } = makeCertificate(ca, 'usher', wanted);
  return { cert, key };
}
