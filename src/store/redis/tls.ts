/** TLS of the connections to Redis and to Sentinels. */

import type { SecureContext } from 'node:tls';
import { watchedContext } from '../../tls/files.ts';
import type { RedisAddress } from '../address.ts';

/**
 * The address with what its files hold. Throws TlsFileError if they cannot be used. `onWarning` gets
 * a sentence when that happens later, at a new connection, which then uses what was read before.
 */
export function withTls(address: RedisAddress, onWarning: (message: string) => void): RedisAddress {
  const { tls, tlsFiles } = address;
  if (!tls || tlsFiles === undefined) return address;
  const names = { ca: 'CA', cert: 'CERT', key: 'KEY' };
  const { current } = watchedContext(tlsFiles, ({ file, message }) =>
    onWarning(
      `USHER_STORE_${names[file]}_FILE ${message}; until then, connections to Redis use what was ` +
        'read before',
    ),
  );
  return { ...address, secureContext: current };
}

/** The options for ioredis, which copies them, so reads the files, for each connection it opens. */
export function tlsOptions(address: RedisAddress): { readonly secureContext?: SecureContext } {
  const { secureContext } = address;
  if (secureContext === undefined) return {};
  return {
    get secureContext() {
      return secureContext();
    },
  };
}
