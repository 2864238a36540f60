/**
 * Plain timers fire before what arrived during a stall is read, so none may judge others. Each that is
 * left is here, with what it is for; one that judges is `awakeTimeout`.
 */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const plain: Record<string, string> = {
  'cli/import.ts': 'a pause before a repeat',
  'cli/job-run.ts': 'a pause between questions',
  'cli/keys.ts': 'a pause between questions',
  'client/ask.ts': 'pauses, and a deadline that is judged after what arrived was read',
  'client/follow-watch.ts': 'a pause, and a check that is judged after what arrived was read',
  'client/verdict-cache.ts': 'forgets unhashed headers',
  'limiting/share-counts.ts': 'an interval at which counts are sent',
  'log-output.ts': 'the next attempt to write what waits',
  'server/certificates.ts': 'an interval at which files are read, and a pause before that',
  'server/health.ts': 'an interval at which the clock is compared',
  'server/key-keeper.ts': 'pauses after which the keys are looked at',
  'server/workers.ts': 'a pause before a restart',
  'store/continuity/continuity.ts': 'intervals at which the log is read',
  'store/lmdb/feed.ts': 'an interval at which the log is read',
  'store/lmdb/store.ts': 'an interval at which a fault is looked at again',
  'store/redis/client.ts': 'a pause before it connects again',
  'store/redis/feed/feed.ts': 'an interval at which the masters are compared',
  'store/redis/feed/master.ts': 'pauses between questions',
  'store/redis/heartbeat.ts': 'an interval at which it asks',
  'store/redis/repeat.ts': 'an interval of its caller',
  'timing/awake.ts': 'the clock and the timers that judge',
  'tokens/list/directory.ts': 'how long a call waits for a search, and when its memory is freed',
  'tokens/jobs/runner.ts': 'an interval at which jobs are looked for, and pauses between acts',
  'tokens/retention.ts': 'an interval at which old entries are removed',
  'tokens/sums.ts': 'an interval at which counts are written',
  'tokens/usage.ts': 'an interval at which counts are written',
  'transport/services/let-in.ts': 'an interval at which callers are looked at again',
  'transport/services/watch.ts': 'an interval at which watchers get a message',
  'transport/tls/handshakes.ts': 'an interval of a look that follows what arrived',
  'transport/tls/ticket-keys.ts': 'an interval at which a secret is replaced',
  'webhooks/teller.ts': 'an interval at which the log is read',
};

test('plain timers pace, and judge nothing', () => {
  const files = readdirSync('src', { recursive: true, encoding: 'utf8' })
    .filter(file => /\.ts$/.test(file) && !/^(gen|manager\/web)\//.test(file))
    .filter(file => {
      const code = readFileSync(join('src', file), 'utf8').replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, '');
      return /(?<![.\w])(setTimeout|setInterval)(\(| as )|AbortSignal\.timeout/.test(code);
    });
  expect(files.sort()).toEqual(Object.keys(plain).sort());
});
