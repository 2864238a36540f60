/** The authorities that Usher's own requests trust. */

import { createSecureContext, getCACertificates, type SecureContext } from 'node:tls';
import { readTlsFiles } from '../tls/files.ts';

/**
 * Returns the context for the next connection: undefined for what Node trusts, or that and the authorities
 * of a file, which is read again for each connection. Throws TlsFileError.
 */
export function trustOf(caFile: string | undefined): () => SecureContext | undefined {
  let pem: string | undefined;
  let context: SecureContext | undefined;
  return () => {
    if (caFile === undefined) return undefined;
    const read = readTlsFiles({ ca: caFile }).ca ?? '';
    if (context === undefined || read !== pem) {
      context = createSecureContext({ ca: [...getCACertificates('default'), read] });
      pem = read;
    }
    return context;
  };
}
