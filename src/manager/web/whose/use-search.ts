/** Searches for what a text belongs to, page by page, since a secret key is looked for everywhere. */

import { createClient } from '@connectrpc/connect';
import { useTransport } from '@connectrpc/connect-query';
import { useEffect, useRef, useState } from 'react';
import {
  AccessTokenService,
  type LookupResponse_Match,
} from '../../../gen/usher/v1/access_token_pb.ts';

/** A search, as far as it is. */
export interface Search {
  state: 'idle' | 'searching' | 'stopped' | 'done';
  matches: LookupResponse_Match[];
  /** How many access tokens were looked at. */
  examined: number;
  error: Error | undefined;
  /** The text that is searched for. */
  text: string;
}

const idle: Search = { state: 'idle', matches: [], examined: 0, error: undefined, text: '' };

/** The search, and functions to start, stop and forget it. The text is kept by this component alone. */
export function useSearch() {
  const transport = useTransport();
  const [search, setSearch] = useState(idle);
  const running = useRef<AbortController>(undefined);
  useEffect(() => () => running.current?.abort(), []);

  async function start(text: string) {
    running.current?.abort();
    const run = new AbortController();
    running.current = run;
    const { signal } = run;
    const client = createClient(AccessTokenService, transport);
    let found: Search = { ...idle, state: 'searching', text };
    setSearch(found);
    let pageToken = '';
    try {
      do {
        const page = await client.lookup({ text, pageToken }, { signal });
        if (signal.aborted) return;
        pageToken = page.nextPageToken;
        const matches = [...found.matches, ...page.matches];
        found = { ...found, matches, examined: found.examined + page.examined };
        setSearch(found);
      } while (pageToken !== '');
      setSearch({ ...found, state: 'done' });
    } catch (error) {
      if (signal.aborted) return;
      const cause = error instanceof Error ? error : new Error(String(error));
      setSearch({ ...found, state: 'done', error: cause });
    }
  }
  function stop() {
    running.current?.abort();
    setSearch(found => ({ ...found, state: 'stopped' }));
  }
  function clear() {
    running.current?.abort();
    setSearch(idle);
  }
  return { search, start: (text: string) => void start(text), stop, clear };
}
