/** The query client: how long data counts as fresh, and which failures are retried. */

import { Code, ConnectError } from '@connectrpc/connect';
import { QueryClient } from '@tanstack/react-query';

/** Errors after which a retry can help. */
const passing = [Code.Unavailable, Code.DeadlineExceeded, Code.Unknown, Code.Aborted];
const triesMax = 2;

/** Creates the query client. */
export function createQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: { staleTime: 5_000, retry: mayRetry, refetchOnWindowFocus: true },
      // A retry of a change has the same request id, so the server applies it once. The answer may
      // hold a secret: it is dropped as soon as no component shows it.
      mutations: {
        gcTime: 0,
        retry: (tries, error) => ConnectError.from(error).code === Code.Unavailable && tries < 1,
      },
    },
  });
}

function mayRetry(tries: number, error: Error): boolean {
  const code = ConnectError.from(error).code;
  return code !== Code.Aborted && passing.includes(code) && tries < triesMax;
}
