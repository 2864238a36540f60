/** Checks the certificate, the private key and the CA certificates of a listener. */

import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';

/** The files of an identity. */
export type IdentityFile = 'cert' | 'key' | 'ca';

/** The PEM texts of an identity; without `ca`, no client certificate is asked for. */
export interface IdentityTexts {
  cert: string;
  key: string;
  ca?: string | undefined;
}

/** With what a listener speaks TLS. */
export interface TlsIdentity extends IdentityTexts {
  /** The CA certificates of clients. */
  readonly clientCas: readonly X509Certificate[];
  /** When the first certificate of the chain ends, in milliseconds since 1970. */
  readonly endsMs: number;
  /** What is unwise, a sentence for each, which begins after the name of the file's setting. */
  readonly warnings: readonly [IdentityFile, string][];
}

/** Says what is wrong with a file; the message goes on after the name of its setting. */
export class IdentityError extends Error {
  override readonly name = 'IdentityError';
  readonly file: IdentityFile;
  constructor(file: IdentityFile, message: string) {
    super(message);
    this.file = file;
  }
}

/** The use of a certificate by servers (RFC 5280 section 4.2.1.12), and any use. */
const serverUses = ['1.3.6.1.5.5.7.3.1', '2.5.29.37.0'];

/** Checks the texts of an identity; `nowMs` is since 1970. Throws IdentityError. */
export function readIdentity(texts: IdentityTexts, nowMs: number): TlsIdentity {
  const chain = certificatesOf('cert', texts.cert);
  const [leaf] = chain;
  for (const each of chain) checkTime('cert', each, nowMs, each === leaf ? '' : ' in its chain');
  const key = keyOf(texts.key);
  if (!leaf.checkPrivateKey(key)) {
    throw new IdentityError(
      'key',
      'is the key of another certificate; give those that belong together',
    );
  }
  const clientCas = texts.ca === undefined ? [] : clientCasOf(texts.ca, nowMs);
  try {
    createSecureContext({ cert: texts.cert, key: texts.key, minVersion: 'TLSv1.2' });
  } catch (error) {
    throw new IdentityError('cert', `cannot be used for TLS (${reasonOf(error)}); make another`);
  }
  return {
    ...texts,
    clientCas,
    endsMs: Math.min(...chain.map(endOf)),
    warnings: warningsOf(leaf),
  };
}

/** When a certificate ends, in milliseconds since 1970. */
export function endOf({ validTo }: X509Certificate): number {
  return Date.parse(validTo);
}

function warningsOf({ subjectAltName, keyUsage }: X509Certificate): [IdentityFile, string][] {
  const warnings: [IdentityFile, string][] = [];
  if (subjectAltName === undefined) {
    warnings.push([
      'cert',
      'names a certificate without a name (SAN), which clients refuse; make one with the names by ' +
        'which callers reach Usher',
    ]);
  }
  // Of X.509, this is the extended one.
  const uses: string[] | undefined = keyUsage;
  if (uses !== undefined && !uses.some(use => serverUses.includes(use))) {
    warnings.push(['cert', 'names a certificate that is not for servers, which clients refuse']);
  }
  return warnings;
}

const block =
  /-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----[^-]+-----END (?:X509 |TRUSTED )?CERTIFICATE-----/g;

function certificatesOf(file: IdentityFile, text: string): [X509Certificate, ...X509Certificate[]] {
  const [first, ...others] = text.match(block) ?? [];
  if (first === undefined) {
    const hint = text.includes('PRIVATE KEY-----') ? ' but a private key' : '';
    throw new IdentityError(file, `names a file without a certificate in PEM form${hint}`);
  }
  const begun = text.split('-----BEGIN ').filter(part => /^[A-Z0-9 ]*CERTIFICATE-----/.test(part));
  if (begun.length !== others.length + 1) {
    throw new IdentityError(file, 'names a file whose last certificate is cut off');
  }
  const parse = (pem: string, index: number) => {
    try {
      return new X509Certificate(pem);
    } catch (error) {
      const place = others.length === 0 ? '' : ` (certificate ${index + 1} in it)`;
      throw new IdentityError(file, `names a damaged file${place}: ${reasonOf(error)}`);
    }
  };
  return [parse(first, 0), ...others.map((pem, index) => parse(pem, index + 1))];
}

function checkTime(file: IdentityFile, each: X509Certificate, nowMs: number, which: string): void {
  const text = (ms: number) => `${new Date(ms).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
  const beginMs = Date.parse(each.validFrom);
  if (nowMs < beginMs) {
    const fault = `names a certificate${which} that is not valid before ${text(beginMs)}`;
    throw new IdentityError(file, `${fault}; check this machine's clock, or wait`);
  }
  if (nowMs > endOf(each)) {
    const fault = `names a certificate${which} that ended at ${text(endOf(each))}`;
    throw new IdentityError(file, `${fault}; renew it`);
  }
}

function keyOf(text: string): KeyObject {
  if (/BEGIN ENCRYPTED PRIVATE KEY|Proc-Type: 4,ENCRYPTED/.test(text)) {
    throw new IdentityError(
      'key',
      'names a key that is encrypted; decrypt it with `openssl pkey -in FILE -out PLAIN`, and keep ' +
        'that file readable by its owner alone',
    );
  }
  if (!text.includes('PRIVATE KEY-----')) {
    throw new IdentityError('key', 'names a file without a private key in PEM form');
  }
  try {
    return createPrivateKey(text);
  } catch (error) {
    throw new IdentityError('key', `names a private key that is damaged (${reasonOf(error)})`);
  }
}

function clientCasOf(text: string, nowMs: number): X509Certificate[] {
  const all = certificatesOf('ca', text);
  for (const each of all) {
    if (!each.ca) {
      const fault = 'names a certificate that is not one of a CA';
      throw new IdentityError('ca', `${fault}; give the one that signs the clients' certificates`);
    }
  }
  // OpenSSL trusts no chain that ends before its root.
  if (!all.some(each => each.checkIssued(each))) {
    throw new IdentityError('ca', 'names CA certificates without their root; add it to the file');
  }
  // Of several, those that have ended may be left over from a rotation.
  if (all.every(each => nowMs > endOf(each))) checkTime('ca', all[0], nowMs, '');
  return all;
}

/** The short reason of an error of OpenSSL, without the text that it concerns. */
function reasonOf(error: unknown): string {
  const { code, reason, message } = error as { code?: string; reason?: string; message?: string };
  return (reason ?? code ?? message ?? 'unknown reason').replaceAll(/[\r\n]+/g, ' ');
}
