/** Makes certificates with ECDSA P-256 keys: an authority, and what it signs. */

import 'reflect-metadata';
import { isIP } from 'node:net';
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  cryptoProvider,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  type Extension,
  type JsonGeneralName,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509';

cryptoProvider.set(globalThis.crypto);

/** A certificate with its key, both in PEM. */
export interface Pair {
  cert: string;
  key: string;
}

/** When a certificate is valid. */
export interface Validity {
  notBefore: Date;
  notAfter: Date;
}

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const uses = {
  server: ExtendedKeyUsage.serverAuth,
  client: ExtendedKeyUsage.clientAuth,
} as const;

/** Makes an authority that signs certificates of servers and clients, and no other authorities. */
export async function makeAuthority(name: string, validity: Validity): Promise<Pair> {
  const keys = await newKeys();
  const certificate = await X509CertificateGenerator.createSelfSigned({
    ...validity,
    name: [{ CN: [name] }],
    serialNumber: newSerial(),
    signingAlgorithm: algorithm,
    keys,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return await pairOf(certificate, keys.privateKey);
}

/**
 * Makes a certificate that the authority signs. Its names are host names, IP addresses, and URIs
 * such as "spiffe://domain/path".
 */
export async function makeLeaf(
  authority: Pair,
  use: keyof typeof uses,
  names: readonly string[],
  validity: Validity,
): Promise<Pair> {
  const keys = await newKeys();
  const issuer = new X509Certificate(authority.cert);
  const signingKey = await importKey(authority.key);
  const extensions: Extension[] = [
    new BasicConstraintsExtension(false, undefined, true),
    new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
    new ExtendedKeyUsageExtension([uses[use]]),
    await SubjectKeyIdentifierExtension.create(keys.publicKey),
    await AuthorityKeyIdentifierExtension.create(issuer),
  ];
  if (names.length > 0) {
    extensions.push(new SubjectAlternativeNameExtension(names.map(generalName)));
  }
  const certificate = await X509CertificateGenerator.create({
    ...validity,
    subject: [{ CN: [names[0]?.slice(0, 64) ?? use] }],
    issuer: issuer.subjectName,
    serialNumber: newSerial(),
    signingAlgorithm: algorithm,
    publicKey: keys.publicKey,
    signingKey,
    extensions,
  });
  return await pairOf(certificate, keys.privateKey);
}

/** When a certificate in PEM ends. */
export function endOf(pem: string): Date {
  return new X509Certificate(pem).notAfter;
}

function generalName(name: string): JsonGeneralName {
  if (isIP(name) !== 0) return { type: 'ip', value: name };
  return name.includes('://') ? { type: 'url', value: name } : { type: 'dns', value: name };
}

function newKeys() {
  return crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
}

function importKey(pem: string): Promise<CryptoKey> {
  const [bytes = new ArrayBuffer()] = PemConverter.decode(pem);
  return crypto.subtle.importKey('pkcs8', bytes, algorithm, false, ['sign']);
}

/** 127 random bits, so that it is positive (RFC 5280 section 4.1.2.2). */
function newSerial(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40;
  return Buffer.from(bytes).toString('hex');
}

async function pairOf(certificate: X509Certificate, key: CryptoKey): Promise<Pair> {
  const bytes = await crypto.subtle.exportKey('pkcs8', key);
  return {
    cert: `${certificate.toString('pem')}\n`,
    key: `${PemConverter.encode(bytes, 'PRIVATE KEY')}\n`,
  };
}
