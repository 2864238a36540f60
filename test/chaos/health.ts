/** Asks /readyz of every replica all the time, and records what it says. */

import type { UsherProcess } from '../server/usher-process.ts';

/** What the replicas say of themselves. */
export interface HealthWatch {
  /** Forgets what was said so far. */
  begin(): void;
  /** All that was said since `begin`, each once, in the order in which it came. */
  said(): string[];
  /** Whether each replica was ready and whole when it was last asked, all after this time. */
  areAllWellSince(ms: number): boolean;
  stop(): void;
}

interface Body {
  reasons?: string[];
  degraded?: { what: string; detail: string }[];
}

const intervalMs = 100;
const timeoutMs = 1000;
/** Tokens that are lost stay so until that is accepted; all else works. */
const isWhole = (said: string) => said === 'degraded: lost';

/** Starts to ask; `note` gets each change. */
export function watchHealth(ushers: UsherProcess[], note: (text: string) => void): HealthWatch {
  const seen = new Set<string>();
  const wellMs = ushers.map(() => 0);
  const last = ushers.map(() => '');
  let stopped = false;

  const keepAsking = async ({ http }: UsherProcess, at: number) => {
    while (!stopped) {
      const askedMs = performance.now();
      const said = await ask(http).catch(() => undefined);
      for (const each of said ?? []) seen.add(each);
      wellMs[at] = said?.every(isWhole) ? askedMs : 0;
      const text = said === undefined ? 'no answer' : said.join('; ') || 'ready';
      if (text !== last[at]) note(`replica ${at} of itself: ${text}`);
      last[at] = text;
      await new Promise(resolve => setTimeout(resolve, intervalMs));
    }
  };
  ushers.forEach((usher, at) => void keepAsking(usher, at));
  return {
    begin: () => seen.clear(),
    said: () => [...seen],
    areAllWellSince: ms => wellMs.every(wellMs => wellMs > ms),
    stop() {
      stopped = true;
    },
  };
}

async function ask(http: string): Promise<string[]> {
  const answer = await fetch(`http://${http}/readyz`, { signal: AbortSignal.timeout(timeoutMs) });
  const { reasons = [], degraded = [] } = (await answer.json()) as Body;
  return [
    ...reasons.map(reason => `not ready: ${reason}`),
    ...degraded.map(({ what }) => `degraded: ${what}`),
  ];
}
