import { X509Certificate } from 'node:crypto';
import { expect, test } from 'vitest';
import { chainOf, namesOf, standsBehind } from '../../../src/transport/tls/client-names.ts';
import { makeCa, makeCertificate } from './make-certificate.ts';

const ca = makeCa();

function namesIn(names: string[]) {
  return namesOf(new X509Certificate(makeCertificate(ca, 'client', { names }).cert));
}

test.each<[string, string[], string[]]>([
  ['nothing', [], []],
  ['a name', ['DNS:gateway.example.com'], ['gateway.example.com']],
  ['a SPIFFE id', ['URI:spiffe://td.example/ns/gateway'], ['spiffe://td.example/ns/gateway']],
  [
    'both, and an address',
    ['DNS:A.example', 'IP:10.0.0.1', 'URI:spiffe://t/b'],
    ['a.example', 'spiffe://t/b'],
  ],
  ['a wildcard', ['DNS:*.example.com', 'DNS:a.example.com'], ['a.example.com']],
  // What would be another entry in the text of the SAN must not become one.
  ['a forged list in a URI', ['URI:http://a, DNS:admin.example'], []],
  ['a forged list in a name', ['DNS:a.example, DNS:admin.example'], []],
  ['a URI that looks like a name', ['URI:gateway.example.com', 'URI://gateway.example.com'], []],
  ['quotes', ['DNS:a".example', 'DNS:b.example'], ['b.example']],
  ['a zero byte', ['DNS:admin.example\0.evil.example'], []],
  ['a line break', ['URI:spiffe://t/a\nb'], []],
])('%s in a SAN', (_, names, expected) => {
  expect(namesIn(names)).toEqual(expected);
});

test.each(['DNS:a.example DNS:b.example,', 'a.example', 'DNS:"a', 'DNS:a.example, '])(
  'a text that is not understood names no one: %j',
  subjectAltName => {
    expect(namesOf({ subjectAltName })).toEqual(subjectAltName.endsWith(', ') ? ['a.example'] : []);
  },
);

test('a CA stands behind what it signed, at whatever place of the chain', () => {
  const between = makeCertificate(ca, 'between', { isCa: true });
  const leaf = makeCertificate(between, 'client', {});
  const certificates = [leaf, between].map(({ cert }) => new X509Certificate(cert));
  const root = new X509Certificate(ca.cert);
  // Another with the same name has another key.
  const namesake = new X509Certificate(makeCa().cert);
  const now = Date.now();
  expect(standsBehind([root], certificates, now)).toBe(true);
  expect(standsBehind([namesake, root], certificates, now)).toBe(true);
  expect(standsBehind([namesake], certificates, now)).toBe(false);
  expect(standsBehind([], certificates, now)).toBe(false);
  expect(standsBehind([root], certificates, now + 365 * 86_400_000)).toBe(false);
  // One in between stands behind nothing without its root, though it may be in the file.
  const middle = new X509Certificate(between.cert);
  expect(standsBehind([middle, root], certificates.slice(0, 1), now)).toBe(true);
  expect(standsBehind([middle, namesake], certificates, now)).toBe(false);
  // Without those in between, it is not known.
  expect(standsBehind([root], certificates.slice(0, 1), now)).toBe(false);
  expect(chainOf(certificates[0] as X509Certificate)).toHaveLength(1);
});
