/** The files of `usher dev-certs`: which are kept, which are made again, and which are not its own. */

import { createPrivateKey, X509Certificate } from 'node:crypto';
import { chmodSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeFolder } from '../../settings/make-folder.ts';
import { UsageError } from '../exit-codes.ts';
import type { Pair } from './certificate.ts';

/** The certificates of a folder; the key of each is in `NAME-key.pem`. */
const certificateNames = ['ca', 'server', 'client'] as const;
type CertificateName = (typeof certificateNames)[number];

/** The path of a certificate, or of its key. */
export function pathOf(folder: string, name: CertificateName, key = false): string {
  return join(folder, `${name}${key ? '-key' : ''}.pem`);
}

/**
 * The authority of an earlier run. Throws UsageError where a file would be overwritten that this
 * command did not make, or where the authority cannot sign any more.
 */
export function findAuthority(folder: string, now: number): Pair | undefined {
  const cert = read(pathOf(folder, 'ca'));
  const key = read(pathOf(folder, 'ca', true));
  const advice = 'name another folder, or overwrite everything with --force';
  if (cert === undefined || key === undefined) {
    const taken = certificateNames
      .flatMap(name => [pathOf(folder, name), pathOf(folder, name, true)])
      .find(path => read(path) !== undefined);
    if (taken === undefined) return undefined;
    throw new UsageError(`${taken} is there, without the authority that made it: ${advice}`);
  }
  const authority = readPair(cert, key);
  if (authority === undefined) {
    throw new UsageError(
      `ca.pem and ca-key.pem in ${folder} are no authority with its key: ${advice}`,
    );
  }
  if (authority.validToDate.getTime() <= now) {
    throw new UsageError(
      `the authority in ${folder} has ended: make a new one with --force, and have all clients trust it`,
    );
  }
  for (const name of ['server', 'client'] as const) {
    const leaf = readCertificate(read(pathOf(folder, name)));
    if (leaf !== undefined && !leaf.verify(authority.publicKey)) {
      throw new UsageError(`${pathOf(folder, name)} is of another authority: ${advice}`);
    }
  }
  return { cert, key };
}

/** The names of the server's certificate of an earlier run. */
export function serverNamesIn(folder: string): string[] {
  const { subjectAltName = '' } = readCertificate(read(pathOf(folder, 'server'))) ?? {};
  return subjectAltName
    .split(', ')
    .map(entry => entry.replace(/^(DNS|IP Address):/, ''))
    .filter(name => name !== '');
}

/** Writes a certificate and its key, each in one step; the key with mode 0600. Throws UsageError. */
export function writePair(folder: string, name: CertificateName, pair: Pair): void {
  try {
    makeFolder(folder, 0o700);
    // A server that reads both in between finds that they do not match, and keeps what it has.
    replace(pathOf(folder, name, true), pair.key, 0o600);
    replace(pathOf(folder, name), pair.cert, 0o644);
  } catch (error) {
    throw new UsageError(`${folder} cannot be written${codeOf(error)}`);
  }
}

function replace(path: string, text: string, mode: number): void {
  const draft = `${path}.new`;
  writeFileSync(draft, text, { mode });
  // A draft that was left behind keeps its mode.
  chmodSync(draft, mode);
  renameSync(draft, path);
}

function readPair(cert: string, key: string): X509Certificate | undefined {
  const authority = readCertificate(cert);
  try {
    return authority?.ca && authority.checkPrivateKey(createPrivateKey(key))
      ? authority
      : undefined;
  } catch {
    return undefined;
  }
}

function readCertificate(pem: string | undefined): X509Certificate | undefined {
  try {
    return pem === undefined ? undefined : new X509Certificate(pem);
  } catch {
    return undefined;
  }
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw new UsageError(`${path} cannot be read${codeOf(error)}`);
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? ` (${error.code})` : '';
}
