/** Whether a store gives what verdicts need, with notification of changes. */

/** What can be degraded while verdicts are given. */
export const degradable = [
  'changes',
  'feed',
  'stale',
  'masters',
  'clock',
  'lost',
  'limits',
  'certificate',
  'keys',
] as const;

/**
 * A part of the store: `changes` (access tokens can be changed), `feed` (invalidations arrive),
 * `stale` (verdicts rest on old records), `masters` (those of a Cluster), `clock` (of the store),
 * `lost` (the store lost changes, and that was not accepted), `limits` (replicas share their counts of
 * limits). And what is no part of it: `certificate` (one ends soon, or its changed files cannot be used),
 * `keys` (the master keys could not be read again, or one that is needed is not given).
 */
export type Degradable = (typeof degradable)[number];

/** Something that does not work while verdicts are given. */
export interface Degraded {
  readonly what: Degradable;
  /** What is wrong, for the operator, as in "2 of 3: …"; it holds no secret. */
  readonly detail: string;
}

/** Whether the store can give what verdicts need, and what else does not work. */
export interface StoreHealth {
  /** Whether verdicts can be given. */
  readonly up: boolean;
  /** Why not, for the operator, without secrets; undefined while up. */
  readonly reason: string | undefined;
  /** What does not work, in the order of `degradable`; nothing while no verdicts are given. */
  readonly degraded: readonly Degraded[];
  /** Sets what is wrong with a part; undefined when nothing is. */
  degrade(what: Degradable, detail: string | undefined): void;
  /** Calls the listener on every change, until the returned function is called. */
  onChange(listener: () => void): () => void;
}

/** A health whose state its store sets. */
export interface HealthSwitch extends StoreHealth {
  /** Sets why no verdict can be given; undefined when they can. */
  setFault(reason: string | undefined): void;
}

/** Creates a health with its first state: why no verdict can be given, or undefined. */
export function healthSwitch(initially: string | undefined): HealthSwitch {
  let reason = initially;
  const details = new Map<Degradable, string>();
  const listeners = new Set<() => void>();
  const changed = () => {
    for (const listener of listeners) listener();
  };
  return {
    get up() {
      return reason === undefined;
    },
    get reason() {
      return reason;
    },
    get degraded() {
      if (reason !== undefined) return [];
      return degradable.flatMap(what => {
        const detail = details.get(what);
        return detail === undefined ? [] : [{ what, detail }];
      });
    },
    degrade(what, detail) {
      if (details.get(what) === detail) return;
      if (detail === undefined) details.delete(what);
      else details.set(what, detail);
      changed();
    },
    onChange(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    setFault(next) {
      if (next === reason) return;
      reason = next;
      changed();
    },
  };
}
