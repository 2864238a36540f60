/** Reads the server's status. */

import { useQuery } from '@tanstack/react-query';
import type { ServerStatus } from '../server-status.ts';
import { sessionHeaders } from './page-secret.ts';

/** The status; it is read again every 5 s if `watched`. */
export function useStatus(watched = false) {
  return useQuery({
    queryKey: ['status'],
    queryFn: readStatus,
    staleTime: 30_000,
    refetchInterval: watched ? 5_000 : false,
  });
}

async function readStatus(): Promise<ServerStatus> {
  const headers = { accept: 'application/json', ...sessionHeaders() };
  const response = await fetch('/status', { headers });
  if (!response.ok) throw new Error(`The server answered ${response.status}.`);
  return response.json();
}
