/** Certificates for tests, in files: an authority, a server and a client. */

import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  makeAuthority,
  makeLeaf,
  type Pair,
  type Validity,
} from '../src/cli/dev-certs/certificate.ts';

const dayMs = 86_400_000;

/** From a day before now to a day after. */
export function today(now = Date.now()): Validity {
  return { notBefore: new Date(now - dayMs), notAfter: new Date(now + dayMs) };
}

/** It ended yesterday. */
export const past: Validity = today(Date.now() - 3 * dayMs);

/** The names of a server on this machine. */
const localNames = ['localhost', '127.0.0.1', '::1'];

/** A folder with PEM files. */
export interface Certificates {
  authority: Pair;
  /** The path of a file in the folder. */
  path(name: string): string;
  /** Writes `NAME.pem` and `NAME-key.pem`, each in one step, as those who rotate do. */
  write(name: string, pair: Pair): void;
  /** Makes a certificate of this authority. */
  leaf(use: 'server' | 'client', names?: readonly string[], validity?: Validity): Promise<Pair>;
  remove(): void;
}

/** Makes ca.pem, server.pem, server-key.pem, client.pem and client-key.pem in a new folder. */
export async function makeCertificates(): Promise<Certificates> {
  const folder = mkdtempSync(join(tmpdir(), 'usher-certificates-'));
  const authority = await makeAuthority('Usher test authority', today());
  const path = (name: string) => join(folder, name);
  const write = (name: string, text: string) => {
    writeFileSync(path(`.${name}`), text, { mode: 0o600 });
    renameSync(path(`.${name}`), path(name));
  };
  const certificates: Certificates = {
    authority,
    path,
    write(name, pair) {
      write(`${name}-key.pem`, pair.key);
      write(`${name}.pem`, pair.cert);
    },
    leaf: (use, names = use === 'server' ? localNames : ['client.test'], validity = today()) =>
      makeLeaf(authority, use, names, validity),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
  write('ca.pem', authority.cert);
  certificates.write('server', await certificates.leaf('server'));
  certificates.write('client', await certificates.leaf('client'));
  return certificates;
}
