/** The files of a listener's certificate, and what operators should know about them. */

import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import type { Config } from '../settings/config.ts';
import { tlsFiles } from '../settings/tls.ts';
import {
  IdentityError,
  type IdentityFile,
  type IdentityTexts,
  readIdentity,
  type TlsIdentity,
} from '../transport/tls/identity.ts';

/** A file: the setting that names it, and its path. */
interface Place {
  setting: string;
  path: string;
}

/** The files of one certificate. */
export interface IdentityPlaces {
  cert: Place;
  key: Place;
  ca?: Place;
}

/** The settings of a certificate, by the file that they name. */
const groups = {
  public: { cert: 'tlsCertFile', key: 'tlsKeyFile', ca: 'tlsClientCaFile' },
  manager: { cert: 'managerTlsCertFile', key: 'managerTlsKeyFile', ca: 'managerTlsClientCaFile' },
} as const;

/** The certificates of a server: of gRPC and HTTP, and of the API Manager. */
export type IdentityGroup = keyof typeof groups;

/** Where the files of a certificate are; undefined without TLS. */
export function placesOf(config: Config, group: IdentityGroup): IdentityPlaces | undefined {
  const place = (file: IdentityFile) => {
    const path = config[groups[group][file]];
    return path === undefined ? undefined : { setting: tlsFiles[groups[group][file]].name, path };
  };
  const [cert, key, ca] = [place('cert'), place('key'), place('ca')];
  if (cert === undefined || key === undefined) return undefined;
  return { cert, key, ...(ca === undefined ? {} : { ca }) };
}

/** More than any chain of certificates has, in bytes. */
const fileBytesMax = 1_048_576;

/** Reads the files. Throws IdentityError. */
export function readTexts(places: IdentityPlaces): IdentityTexts {
  const { cert, key, ca } = places;
  const texts = { cert: readText('cert', cert), key: readText('key', key) };
  return ca === undefined ? texts : { ...texts, ca: readText('ca', ca) };
}

function readText(file: IdentityFile, { path }: Place): string {
  let isFile: boolean;
  try {
    const stat = statSync(path);
    isFile = stat.isFile();
    if (isFile && stat.size <= fileBytesMax) return readFileSync(path, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? ` (${error.code})` : '';
    throw new IdentityError(
      file,
      `names a file that cannot be read${code}; check its path and its permissions`,
    );
  }
  throw new IdentityError(
    file,
    // To read a pipe again would wait for its writer.
    isFile
      ? 'names a file that is longer than any certificate'
      : 'names what is not a file, and could not be read again when it changes; copy it into a file',
  );
}

/** A digest of texts, by which a change of them is noticed. */
export function digestOf({ cert, key, ca = '' }: IdentityTexts): string {
  return createHash('sha256')
    .update(JSON.stringify([cert, key, ca]))
    .digest('hex');
}

/** Checks the files as they are. Throws IdentityError. */
export function loadIdentity(places: IdentityPlaces, nowMs: number): TlsIdentity {
  return readIdentity(readTexts(places), nowMs);
}

/** A sentence for the operator: what is wrong, after the name of the setting. */
export function sentenceOf(places: IdentityPlaces, { file, message }: IdentityError): string {
  return `${places[file]?.setting ?? file} ${message}`;
}

/** What is unwise about the files, a sentence for each. */
export function warningsOf(places: IdentityPlaces, { warnings }: TlsIdentity): string[] {
  return warnings.map(([file, text]) => `${places[file]?.setting} ${text}`);
}
