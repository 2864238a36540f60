/** The contract of every store: what is kept when its process is killed. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { until } from '../until.ts';
import { intactLog, walk } from './changes.ts';
import type { Opened } from './place.ts';

const committer = fileURLToPath(new URL('./commit-forever.ts', import.meta.url));

/** Registers the test of a kill -9 during changes. */
export function describeKill(opened: Opened): void {
  test('a killed process loses no acknowledged change and no audit entry of one', async () => {
    const { store, place } = opened;
    const acknowledged: string[] = [];
    const child = spawn(process.execPath, [committer, place.url], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const exited = once(child, 'exit');
    for await (const line of createInterface(child.stdout)) {
      acknowledged.push(line);
      if (acknowledged.length === 100) child.kill('SIGKILL');
    }
    await exited;
    expect(acknowledged.length).toBeGreaterThanOrEqual(100);

    // An unacknowledged change may have been made, but then together with its audit entry.
    await until(async () => {
      const logged = new Set((await intactLog(store)).map(({ id }) => id));
      const ids = await walk(store, { order: 'oldest', limit: 1000 });
      const records = await Promise.all(ids.map(async id => store.get(id)));
      return records.every(record => record !== undefined && logged.has(record.eventId));
    });
    const log = await intactLog(store);
    expect(log.map(({ id }) => id)).toEqual(expect.arrayContaining(acknowledged));
    expect(new Set(log.map(({ id }) => id)).size).toBe(log.length);
    const made = log
      .filter(({ action }) => action === 'token.create')
      .map(({ tokenId }) => tokenId);
    expect(await store.count()).toBe(made.length);
    expect((await walk(store, { order: 'oldest', owner: 'ann', limit: 1000 })).sort()).toEqual(
      made.sort(),
    );
  });
}
