/** The decision and the store, as steps of traced calls. */

import type { Store } from '../store/store.ts';
import type { Tracing } from '../tracing/tracing.ts';
import type { Verdict } from '../verify/verdict.ts';
import type { Verify } from '../verify/verify.ts';

/** The decision, traced with its reason and the kind of token. */
export function tracedVerify(verify: Verify, tracing: Tracing): Verify {
  return question =>
    tracing.isActive
      ? tracing.step('verify', () => verify(question), attributesOf)
      : verify(question);
}

function attributesOf(verdict: Verdict) {
  return {
    'usher.reason': verdict.valid ? 'NONE' : verdict.reason,
    'usher.kind': verdict.identity?.kind ?? 'unknown',
  };
}

/** Operations that calls wait for. A lookup that a cache answers is a step of some microseconds. */
const steps = [
  ...['find', 'get', 'scan', 'count', 'commit', 'findRequest', 'settle'],
  ...['findImported', 'reserveImported', 'append', 'events', 'usage'],
  ...['document', 'documents', 'changeDocument'],
] as const;

/** The store, with a step for each operation that calls wait for. */
export function tracedStore(store: Store, tracing: Tracing): Store {
  const traced: Record<string, unknown> = {};
  for (const name of steps) {
    const operation = (store as unknown as Record<string, (...args: unknown[]) => unknown>)[name];
    if (operation === undefined) throw new Error(`the store has no operation ${name}`);
    traced[name] = (...args: unknown[]) =>
      tracing.isActive
        ? tracing.step(`store ${name}`, () => operation(...args))
        : operation(...args);
  }
  return { ...store, ...(traced as Partial<Store>) };
}
