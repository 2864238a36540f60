/** Which call the code is in, so that lines of the log can name it. */

import { AsyncLocalStorage } from 'node:async_hooks';
import { randomUUID } from 'node:crypto';
import type { CallMarks } from './call.ts';

/** The calls under way. */
export interface CallScopes {
  /** Whether a call has a scope: it has an id, or lines of the log want one for every call. */
  wants(call: Pick<CallMarks, 'requestId'>): boolean;
  /** Runs a call in its scope. */
  run<T>(call: CallMarks, run: () => T): T;
  /** The id of the current call, made now if it has none; undefined outside of calls. */
  requestId(): string | undefined;
  /** The same without making one. */
  knownRequestId(): string | undefined;
}

/** Creates them; `always` gives every call a scope. */
export function createCallScopes(always: boolean): CallScopes {
  const current = new AsyncLocalStorage<CallMarks>();
  return {
    wants: ({ requestId }) => always || requestId !== undefined,
    run: (call, run) => current.run(call, run),
    requestId() {
      const call = current.getStore();
      if (call !== undefined) call.requestId ??= randomUUID();
      return call?.requestId;
    },
    knownRequestId: () => current.getStore()?.requestId,
  };
}
