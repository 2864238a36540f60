/** Certificates in files, for servers and programs that tests start. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Made, makeCa, makeCertificate } from './make-certificate.ts';

/** The files of a test: of a server, of a client, and of a client whom no one knows. */
export interface TlsFiles {
  ca: Made;
  server: Made;
  client: Made;
  /** The path of a file, such as `server.crt`. */
  path(name: string): string;
  /** The settings of a server with TLS. */
  env: Record<string, string>;
  remove(): void;
}

/** Makes them in a folder of their own. */
export function makeFiles(): TlsFiles {
  const folder = mkdtempSync(join(tmpdir(), 'usher-tls-'));
  const path = (name: string) => join(folder, name);
  const [ca, clientCa] = [makeCa(), makeCa('Client CA')];
  const server = makeCertificate(ca, 'usher', { names: ['DNS:localhost', 'IP:127.0.0.1'] });
  const client = makeCertificate(clientCa, 'gateway', { names: ['DNS:gateway.example'] });
  const stranger = makeCertificate(makeCa('Stranger'), 'gateway', {
    names: ['DNS:gateway.example'],
  });
  for (const [name, made] of Object.entries({ ca, clientCa, server, client, stranger })) {
    writeFileSync(path(`${name}.crt`), made.cert);
    writeFileSync(path(`${name}.key`), made.key, { mode: 0o600 });
  }
  const env = {
    USHER_TLS_CERT_FILE: path('server.crt'),
    USHER_TLS_KEY_FILE: path('server.key'),
    USHER_TLS_CLIENT_CA_FILE: path('clientCa.crt'),
    USHER_MANAGER_TLS_CERT_FILE: path('server.crt'),
    USHER_MANAGER_TLS_KEY_FILE: path('server.key'),
  };
  const remove = () => rmSync(folder, { recursive: true });
  return { ...{ ca, server, client }, path, env, remove };
}
