/** The certificates of the listeners: read at the start, and again when their files change. */

import { type FSWatcher, watch } from 'node:fs';
import { dirname } from 'node:path';
import type { Logger } from '../log.ts';
import { type Config, SettingsError } from '../settings/config.ts';
import type { StoreHealth } from '../store/health.ts';
import { IdentityError, type TlsIdentity } from '../transport/tls/identity.ts';
import type { IdentitySource } from '../transport/tls/listener-tls.ts';
import {
  digestOf,
  type IdentityGroup,
  type IdentityPlaces,
  loadIdentity,
  placesOf,
  readTexts,
  sentenceOf,
  warningsOf,
} from './identity-files.ts';
import type { Metrics } from './metrics/metrics.ts';

/** The certificates of a server, by what they are for; absent without TLS. */
export interface Certificates extends Partial<Record<IdentityGroup, IdentitySource>> {
  /** Follows the changes of the files until the returned function is called. */
  follow(shown: ShownCertificates): FollowedCertificates;
}

/** Where certificates are shown. */
interface ShownCertificates {
  metrics: Pick<Metrics, 'certificateEnds' | 'certificateRefused'>;
  health: Pick<StoreHealth, 'degrade'>;
  /** Absent where another process logs the same. */
  log: Pick<Logger, 'info' | 'warn' | 'error'> | undefined;
  /** How long before its end a certificate is warned of, in days. */
  warnDays: number;
  /** Whether the listeners of a certificate are in this process. */
  serves(listener: 'grpc' | 'http' | 'manager'): boolean;
}

/** Certificates whose files are followed. */
interface FollowedCertificates {
  /** Reads the files now, and logs what is wrong with them even if that was logged before. */
  check(): void;
  close(): void;
}

/** How often the files are read in any case, in milliseconds: not every change reaches `watch`. */
const pollMs = 5000;
/** How long after a change they are read, in milliseconds: their writer has more to write. */
const settleMs = 100;
const dayMs = 86_400_000;

interface Held {
  places: IdentityPlaces;
  current: TlsIdentity;
  /** Of the files that were read last, whether or not they could be used. */
  digest: string;
  /** What is wrong with them; undefined if they are served. */
  fault: string | undefined;
  /** When its end was last warned of. */
  warnedMs: number;
  listeners: Set<() => void>;
}

/** Reads the certificates; `now` is in milliseconds since 1970. Throws SettingsError. */
export function openCertificates(config: Config, now: () => number): Certificates {
  const mistakes: string[] = [];
  const all = new Map<IdentityGroup, Held>();
  for (const group of ['public', 'manager'] as const) {
    const places = placesOf(config, group);
    if (places === undefined) continue;
    try {
      const current = loadIdentity(places, now());
      const digest = digestOf(current);
      const warnedMs = Number.NEGATIVE_INFINITY;
      const listeners = new Set<() => void>();
      all.set(group, { places, current, digest, fault: undefined, warnedMs, listeners });
    } catch (error) {
      if (!(error instanceof IdentityError)) throw error;
      mistakes.push(sentenceOf(places, error));
    }
  }
  if (mistakes.length > 0) throw new SettingsError(mistakes);
  const sources: Partial<Record<IdentityGroup, IdentitySource>> = {};
  for (const [group, held] of all) sources[group] = sourceOf(held);
  return {
    ...sources,
    follow: shown => follow(all, shown, now),
  };
}

function sourceOf(held: Held): IdentitySource {
  return {
    get current() {
      return held.current;
    },
    onChange(listener) {
      held.listeners.add(listener);
      return () => void held.listeners.delete(listener);
    },
  };
}

const listenersOf = { public: ['grpc', 'http'], manager: ['manager'] } as const;

function follow(
  all: ReadonlyMap<IdentityGroup, Held>,
  shown: ShownCertificates,
  now: () => number,
): FollowedCertificates {
  const { metrics, health, log } = shown;
  const served = (group: IdentityGroup) => listenersOf[group].filter(shown.serves);
  for (const [group, held] of all) {
    for (const listener of served(group)) {
      metrics.certificateEnds(listener, () => held.current.endsMs);
    }
  }
  for (const { places, current } of all.values()) {
    for (const warning of warningsOf(places, current)) log?.warn(warning);
  }
  const look = (isAsked = false) => {
    for (const [group, held] of all) {
      const { fault, current } = held;
      reload(held, now());
      if (held.current !== current) log?.info(endOf(held), 'a certificate was replaced');
      if (held.fault === undefined || (held.fault === fault && !isAsked)) continue;
      log?.error({ reason: held.fault }, 'a changed certificate cannot be used; the old one stays');
      for (const listener of served(group)) metrics.certificateRefused(listener);
    }
    for (const held of all.values()) warnOfEnd(held, shown, now());
    health.degrade('certificate', degradedText([...all.values()], shown.warnDays, now()));
  };
  look();
  if (all.size === 0) return { check: () => undefined, close: () => undefined };
  const poll = setInterval(() => look(), pollMs).unref();
  const unwatch = watchFolders([...all.values()], () => look());
  return {
    check: () => look(true),
    close() {
      clearInterval(poll);
      unwatch();
    },
  };
}

/** Takes the files as they are now, if they can be used. */
function reload(held: Held, nowMs: number): void {
  let digest = '';
  try {
    const texts = readTexts(held.places);
    digest = digestOf(texts);
    if (digest === held.digest) return;
    held.current = loadIdentity(held.places, nowMs);
    held.fault = undefined;
  } catch (error) {
    if (!(error instanceof IdentityError)) throw error;
    held.fault = sentenceOf(held.places, error);
  }
  held.digest = digest;
  if (held.fault === undefined) for (const listener of held.listeners) listener();
}

function endOf({ places, current }: Held): object {
  return { setting: places.cert.setting, ends: new Date(current.endsMs).toISOString() };
}

function warnOfEnd(held: Held, { warnDays, log }: ShownCertificates, nowMs: number): void {
  const isNear = held.current.endsMs - nowMs < warnDays * dayMs;
  if (!isNear || nowMs - held.warnedMs < dayMs) return;
  held.warnedMs = nowMs;
  log?.warn(endOf(held), 'a certificate ends soon, or has ended; renew it');
}

/** What is wrong with certificates; it changes only with them. */
function degradedText(all: readonly Held[], warnDays: number, nowMs: number): string | undefined {
  const texts = all.flatMap(({ places, current, fault }) => {
    if (fault !== undefined) return [`the old certificate is served: ${fault}`];
    const leftMs = current.endsMs - nowMs;
    if (leftMs >= warnDays * dayMs) return [];
    const verb = leftMs > 0 ? 'ends' : 'ended';
    return [
      `the certificate of ${places.cert.setting} ${verb} at ${new Date(current.endsMs).toISOString()}`,
    ];
  });
  return texts.length === 0 ? undefined : texts.join('; ');
}

/** Calls `onChange` some time after a file changed in one of the folders; polling does the rest. */
function watchFolders(all: readonly Held[], onChange: () => void): () => void {
  const paths = all.flatMap(({ places }) => [places.cert, places.key, places.ca ?? places.key]);
  let timer: NodeJS.Timeout | undefined;
  const settle = () => {
    clearTimeout(timer);
    timer = setTimeout(onChange, settleMs).unref();
  };
  const watchers: FSWatcher[] = [];
  for (const folder of new Set(paths.map(({ path }) => dirname(path)))) {
    try {
      const watcher = watch(folder, { persistent: false }, settle);
      watcher.on('error', () => watcher.close());
      watchers.push(watcher);
    } catch {
      // There are no more watches, or the file system has none.
    }
  }
  return () => {
    clearTimeout(timer);
    for (const watcher of watchers) watcher.close();
  };
}
