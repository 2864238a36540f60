/** How data is kept and asked for again. */

import { Code, ConnectError } from '@connectrpc/connect';
import { QueryClient } from '@tanstack/react-query';

/** Errors after which asking again can help. */
const passing = [Code.Unavailable, Code.DeadlineExceeded, Code.Unknown, Code.Aborted];
const triesMax = 2;

/** Makes the client. */
export function createQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: { staleTime: 5_000, retry: mayRetry, refetchOnWindowFocus: true },
      // A change is tried again with the request id that it has, so that it is made once. What it
      // answered, a secret perhaps, is dropped with the last component that shows it.
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
