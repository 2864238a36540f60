/** Connects by Connect over fetch: in browsers, and wherever else there is fetch. */

import { createConnectTransport } from '@connectrpc/connect-web';
import type { Connect } from './links.ts';

/** To "https://host:port" or "host:port"; streams in both directions are not for fetch. */
export const connectByFetch: Connect = address => ({
  transport: createConnectTransport({
    baseUrl: /^https?:\/\//.test(address) ? address : `http://${address}`,
    useBinaryFormat: true,
    fetch: (input, init) => globalThis.fetch(input, { ...init, cache: 'no-store' }),
  }),
  streams: false,
});
