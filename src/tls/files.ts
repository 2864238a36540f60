/** Reads the PEM files with which a client connects over TLS: authorities, certificate and key. */

import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { createSecureContext, type SecureContext } from 'node:tls';

/** Paths of PEM files. */
export interface TlsFiles {
  /** Certificates of the authorities that are trusted, instead of those of the machine. */
  ca?: string | undefined;
  /** The client's own certificate, followed by those that lead to its authority. */
  cert?: string | undefined;
  /** The key of that certificate, without a passphrase. */
  key?: string | undefined;
}

/** What the files hold. */
export interface TlsPems {
  ca?: string;
  cert?: string;
  key?: string;
}

/** Thrown for a file that cannot be used. The message begins with a verb and holds no secret. */
export class TlsFileError extends Error {
  override readonly name = 'TlsFileError';
  /** Which of the files it is. */
  readonly file: keyof TlsFiles;
  constructor(file: keyof TlsFiles, message: string) {
    super(message);
    this.file = file;
  }
}

/** Reads the files and checks that they fit together. Throws TlsFileError. */
export function readTlsFiles(files: TlsFiles): TlsPems {
  const { cert, key } = files;
  if (cert === undefined && key !== undefined) {
    throw new TlsFileError('key', 'is set without a certificate; set that too, or unset the key');
  }
  if (cert !== undefined && key === undefined) {
    throw new TlsFileError(
      'cert',
      'is set without its key; set that too, or unset the certificate',
    );
  }
  const pems: TlsPems = {};
  for (const file of ['ca', 'cert', 'key'] as const) {
    const path = files[file];
    if (path !== undefined) pems[file] = readText(file, path);
  }
  if (pems.ca !== undefined) checkCertificates('ca', pems.ca);
  if (pems.cert !== undefined && pems.key !== undefined) {
    const [own] = checkCertificates('cert', pems.cert);
    if (!own?.checkPrivateKey(privateKey(pems.key))) {
      throw new TlsFileError(
        'key',
        'names the key of another certificate; name the two of one pair',
      );
    }
  }
  return pems;
}

/** The context of the files, which is created again when their contents changed. */
export interface WatchedContext {
  /**
   * Reads the files. While they cannot be used (one is missing, or only one of the pair was
   * replaced so far), the context of before is kept, and `onProblem` is called once.
   */
  current(): SecureContext;
}

/** Reads the files now, and throws TlsFileError if they cannot be used. */
export function watchedContext(
  files: TlsFiles,
  onProblem: (error: TlsFileError) => void,
): WatchedContext {
  let pems = readTlsFiles(files);
  let context = createSecureContext(pems);
  let problem = '';
  return {
    current() {
      try {
        const read = readTlsFiles(files);
        problem = '';
        if (read.ca !== pems.ca || read.cert !== pems.cert || read.key !== pems.key) {
          context = createSecureContext(read);
          pems = read;
        }
      } catch (error) {
        if (!(error instanceof TlsFileError)) throw error;
        if (error.message !== problem) onProblem(error);
        problem = error.message;
      }
      return context;
    },
  };
}

/** More than all authorities of a machine have, in bytes. */
const fileBytesMax = 4_194_304;

function readText(file: keyof TlsFiles, path: string): string {
  let isFile: boolean;
  try {
    const stat = statSync(path);
    isFile = stat.isFile();
    if (isFile && stat.size <= fileBytesMax) return readFileSync(path, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? ` (${error.code})` : '';
    const advice = 'check its path and its permissions';
    throw new TlsFileError(file, `names a file that cannot be read${code}; ${advice}`);
  }
  throw new TlsFileError(
    file,
    // To read a pipe again would wait for its writer.
    isFile
      ? `names a file of more than ${fileBytesMax} bytes`
      : 'names what is not a file, and could not be read again when it changes; copy it into a file',
  );
}

const certificateForm = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

function checkCertificates(file: keyof TlsFiles, pem: string): X509Certificate[] {
  const blocks = pem.match(certificateForm) ?? [];
  if (blocks.length === 0) {
    throw new TlsFileError(file, 'names a file that holds no certificate in PEM');
  }
  try {
    return blocks.map(block => new X509Certificate(block));
  } catch {
    throw new TlsFileError(file, 'names a file with a damaged certificate');
  }
}

function privateKey(pem: string): KeyObject {
  if (/^-----BEGIN ENCRYPTED PRIVATE KEY-----|^Proc-Type: 4,ENCRYPTED/m.test(pem)) {
    throw new TlsFileError('key', 'names a key with a passphrase; remove it: openssl pkey -in …');
  }
  try {
    return createPrivateKey(pem);
  } catch {
    throw new TlsFileError('key', 'names a file that holds no private key in PEM');
  }
}
