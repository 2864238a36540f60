/** Makes CAs and certificates for tests (RFC 5280), with any fault that a test needs. */

import {
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign,
} from 'node:crypto';

/** A certificate with its private key, in PEM form. */
export interface Made {
  cert: string;
  key: string;
  /** Signs others with it. */
  privateKey: KeyObject;
  name: string;
}

/** What a certificate has that is not as usual. */
export interface Wanted {
  /** Entries of the SAN, such as `DNS:localhost`, `IP:127.0.0.1` and `URI:spiffe://a/b`. */
  names?: readonly string[];
  /** In milliseconds since 1970; by default from an hour ago on, for 90 days. */
  fromMs?: number;
  toMs?: number;
  /** Whether it is one of a CA. */
  isCa?: boolean;
  /** Extended uses, by their object identifiers. */
  uses?: readonly string[];
  /** Its key; by default a new one on P-256. */
  privateKey?: KeyObject;
}

/** The extended uses of servers and of clients. */
export const uses = { server: '1.3.6.1.5.5.7.3.1', client: '1.3.6.1.5.5.7.3.2' };

const hourMs = 3_600_000;
const ecdsaWithSha256 = '1.2.840.10045.4.3.2';

/** A new key on P-256. */
function makeKey(): KeyObject {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
}

/** A root CA. */
export function makeCa(name = 'Test CA', wanted: Wanted = {}): Made {
  const privateKey = makeKey();
  return makeCertificate({ name, privateKey }, name, { isCa: true, privateKey, ...wanted });
}

/** A certificate that `by` signs. */
export function makeCertificate(
  by: Pick<Made, 'name' | 'privateKey'>,
  name: string,
  wanted: Wanted = {},
): Made {
  const { fromMs = Date.now() - hourMs, toMs = fromMs + 90 * 24 * hourMs, isCa = false } = wanted;
  const { privateKey = makeKey(), names = [], uses: extended = [] } = wanted;
  const extensions = [
    extension('2.5.29.19', true, sequence(isCa ? boolean(true) : [])),
    ...(names.length === 0 ? [] : [extension('2.5.29.17', false, sequence(names.map(nameOf)))]),
    ...(extended.length === 0 ? [] : [extension('2.5.29.37', false, sequence(extended.map(oid)))]),
  ];
  const algorithm = sequence(oid(ecdsaWithSha256));
  const content = sequence([
    tlv(0xa0, integer(Buffer.from([2]))),
    integer(Buffer.concat([Buffer.from([1]), randomBytes(8)])),
    algorithm,
    distinguished(by.name),
    sequence([time(fromMs), time(toMs)]),
    distinguished(name),
    createPublicKey(privateKey).export({ type: 'spki', format: 'der' }),
    tlv(0xa3, sequence(extensions)),
  ]);
  const signature = bits(sign('sha256', content, by.privateKey));
  const base64 = sequence([content, algorithm, signature]).toString('base64');
  const lines = base64.match(/.{1,64}/g) ?? [];
  return {
    name,
    privateKey,
    cert: `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`,
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
}

// DER (X.690).

function tlv(tag: number, content: Buffer | readonly Buffer[]): Buffer {
  const body = Buffer.isBuffer(content) ? content : Buffer.concat(content);
  const length: number[] = [];
  for (let rest = body.length; rest > 0; rest >>= 8) length.unshift(rest & 0xff);
  const head = body.length < 0x80 ? [body.length] : [0x80 | length.length, ...length];
  return Buffer.concat([Buffer.from([tag, ...head]), body]);
}

const sequence = (content: Buffer | readonly Buffer[]) => tlv(0x30, content);
const integer = (bytes: Buffer) => tlv(0x02, bytes);
const boolean = (value: boolean) => tlv(0x01, Buffer.from([value ? 0xff : 0]));
const bits = (bytes: Buffer) => tlv(0x03, Buffer.concat([Buffer.from([0]), bytes]));
const time = (ms: number) =>
  tlv(0x18, Buffer.from(`${new Date(ms).toISOString().replaceAll(/[-:T]|\..*/g, '')}Z`));

function oid(text: string): Buffer {
  const [first = 0, second = 0, ...rest] = text.split('.').map(Number);
  const bytes = rest.flatMap(part => {
    const septets = [part & 0x7f];
    for (let left = part >> 7; left > 0; left >>= 7) septets.unshift(0x80 | (left & 0x7f));
    return septets;
  });
  return tlv(0x06, Buffer.from([first * 40 + second, ...bytes]));
}

function distinguished(name: string): Buffer {
  const attribute = sequence([oid('2.5.4.3'), tlv(0x0c, Buffer.from(name))]);
  return sequence(tlv(0x31, attribute));
}

function extension(id: string, isCritical: boolean, value: Buffer): Buffer {
  const critical = isCritical ? [boolean(true)] : [];
  return sequence([oid(id), ...critical, tlv(0x04, value)]);
}

/** An entry of the SAN (RFC 5280 section 4.2.1.6). */
function nameOf(text: string): Buffer {
  const colon = text.indexOf(':');
  const [kind, value] = [text.slice(0, colon), text.slice(colon + 1)];
  if (kind === 'IP') return tlv(0x87, Buffer.from(value.split('.').map(Number)));
  return tlv(kind === 'URI' ? 0x86 : 0x82, Buffer.from(value));
}
