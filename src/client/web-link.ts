/** Connects by the Connect protocol over fetch, in browsers and other runtimes. */

import { createConnectTransport } from '@connectrpc/connect-web';
import type { Connect } from './links.ts';

/** Takes "https://host:port" or "host:port". Fetch has no bidirectional streams. */
export const connectByFetch: Connect = address => ({
  transport: createConnectTransport({
    baseUrl: /^https?:\/\//.test(address) ? address : `http://${address}`,
    useBinaryFormat: true,
    fetch: (input, init) => globalThis.fetch(input, { ...init, cache: 'no-store' }),
  }),
  streams: false,
});
