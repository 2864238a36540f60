/** How the store's health reaches the log, the metrics, the probes and the start. */

import { describe, expect, test, vi } from 'vitest';
import { followHealth, untilUp } from '../../src/server/health.ts';
import { createMetrics } from '../../src/server/metrics/metrics.ts';
import { healthSwitch } from '../../src/store/health.ts';

/** Follows a health, and notes what is shown. */
function follow(clockSkewMs?: () => number) {
  const health = healthSwitch('not yet');
  const lines: unknown[] = [];
  const serving: boolean[] = [];
  const metrics = createMetrics(10);
  const note = (level: string) => (fields: unknown, message?: string) =>
    void lines.push([level, message ?? fields, ...(message === undefined ? [] : [fields])]);
  const stop = followHealth(
    { health, ...(clockSkewMs && { clockSkewMs }) },
    {
      grpc: { setServing: is => void serving.push(is) },
      metrics,
      log: { info: note('info'), warn: note('warn'), error: note('error') } as never,
    },
  );
  return { health, lines, serving, metrics, stop };
}

describe('the log', () => {
  test('says each change once', () => {
    const { health, lines, stop } = follow();
    health.setFault(undefined);
    health.degrade('changes', 'refused');
    health.degrade('feed', 'silent');
    health.degrade('feed', undefined);
    health.setFault('gone');
    health.setFault(undefined);
    health.degrade('changes', undefined);
    stop();
    health.setFault('the store is closed');
    expect(lines).toEqual([
      ['error', 'the store does not answer', { reason: 'not yet' }],
      ['info', 'the store answers'],
      ['warn', 'degraded', { what: 'changes', detail: 'refused' }],
      ['warn', 'degraded', { what: 'feed', detail: 'silent' }],
      ['info', 'no longer degraded', { what: 'feed' }],
      ['error', 'the store does not answer', { reason: 'gone' }],
      ['info', 'the store answers'],
      ['info', 'no longer degraded', { what: 'changes' }],
    ]);
  });
});

describe('gRPC health', () => {
  test('follows whether verdicts can be given', () => {
    const { health, serving, stop } = follow();
    health.setFault(undefined);
    health.degrade('changes', 'refused');
    health.setFault('gone');
    expect(serving).toEqual([false, true, true, false]);
    stop();
  });
});

describe('the metrics', () => {
  test('say whether the store answers, and what is degraded', async () => {
    const { health, metrics, stop } = follow();
    const value = async (line: string) =>
      String((await metrics.answer(undefined)).body)
        .split('\n')
        .includes(line);
    expect(await value('usher_store_up 0')).toBe(true);
    health.setFault(undefined);
    expect(await value('usher_store_up 1')).toBe(true);
    expect(await value('usher_degraded{what="changes"} 0')).toBe(true);
    health.degrade('changes', 'refused');
    expect(await value('usher_degraded{what="changes"} 1')).toBe(true);
    expect(await value('usher_store_up 1')).toBe(true);
    // Verdicts are given, but not by the store.
    health.degrade('stale', 'gone');
    expect(await value('usher_store_up 0')).toBe(true);
    stop();
  });
});

describe('the clock', () => {
  test.each([
    [1000, undefined],
    [1600, "this machine's clock is 2 s behind the store's: set both by NTP"],
    [-3000, "this machine's clock is 3 s ahead of the store's: set both by NTP"],
  ])('%i ms', (skewMs, detail) => {
    const { health, stop } = follow(() => skewMs);
    health.setFault(undefined);
    expect(health.degraded).toEqual(detail === undefined ? [] : [{ what: 'clock', detail }]);
    stop();
  });

  test('is looked at again', () => {
    vi.useFakeTimers();
    let skewMs = 0;
    const { health, stop } = follow(() => skewMs);
    health.setFault(undefined);
    skewMs = 5000;
    vi.advanceTimersByTime(1000);
    expect(health.degraded).toMatchObject([{ what: 'clock' }]);
    skewMs = 0;
    vi.advanceTimersByTime(1000);
    expect(health.degraded).toEqual([]);
    stop();
    vi.useRealTimers();
  });
});

describe('a start', () => {
  test('waits for the store, and says why once per reason', async () => {
    const health = healthSwitch('refused');
    const reasons: string[] = [];
    const ready = untilUp(health, each => reasons.push(each), new AbortController().signal);
    health.degrade('clock', '2 s');
    health.setFault('loading');
    health.setFault(undefined);
    expect(await ready).toBe(true);
    health.setFault('later');
    expect(reasons).toEqual(['refused', 'loading']);
  });

  test('ends its wait when the server stops', async () => {
    const stop = new AbortController();
    const ready = untilUp(healthSwitch('refused'), () => undefined, stop.signal);
    stop.abort();
    expect(await ready).toBe(false);
    const late = untilUp(healthSwitch('refused'), () => undefined, stop.signal);
    expect(await late).toBe(false);
  });
});
