/** Numbers in the documentation that no setting has are those of the code. */

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { fixedSharingLimits as sharing } from '../src/limiting/limits.ts';
import { slotsPerWindow } from '../src/limiting/slots.ts';
import { ceremonyMs } from '../src/people/webauthn.ts';
import { divideMemory } from '../src/server/memory.ts';
import { fixedWorkerLimits as workers } from '../src/server/workers.ts';
import { headLeasesMax } from '../src/store/continuity/head-keeper.ts';
import { auditLimits } from '../src/tokens/audit-query.ts';
import { h2LimitsOf } from '../src/transport/grpc/h2-limits.ts';
import { answerLimits, fixedWebhookLimits as webhooks } from '../src/webhooks/limits.ts';
import { defaultLimits } from './limits.ts';

const words = ['', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine', 'ten'];
const word = (count: number) => words[count] ?? `${count}`;
const number = (count: number) => count.toLocaleString('en-US');
const minutes = (ms: number) => `${word(ms / 60_000)} minutes`;

const h2 = h2LimitsOf(defaultLimits.grpc);
const { rates } = h2;
/** RFC 9113's window is a byte less than 64 KiB. */
const bytes = (count: number) => {
  const kibibytes = Math.ceil(count / 1024);
  return kibibytes < 1000 ? `${kibibytes} KiB` : `${Math.ceil(kibibytes / 1024)} MiB`;
};
const rate = ({ burst, perSecond }: { burst: number; perSecond: number }) =>
  `${number(perSecond)}, ${burst}`;
const megabytes = defaultLimits.limiting.bytesMax / 1_048_576;

test.each([
  ['SECURITY.md', `of an answer ${answerLimits.charactersMax} characters are kept`],
  ['SECURITY.md', `${word(webhooks.atOnceMax)} requests at a time`],
  ['SECURITY.md', `at most ${webhooks.waitingMax} waiting deliveries`],
  ['SECURITY.md', `of the browser that was asked, for ${minutes(ceremonyMs)}`],
  ['docs/webhooks.md', `| ${webhooks.waitingMax} deliveries wait |`],
  ['docs/webhooks.md', `the last ${webhooks.historyMax} of each webhook`],
  ['docs/audit-log.md', `examines at most ${number(auditLimits.examinedMax)} entries`],
  ['docs/counting-limits.md', `at most ${sharing.perRoundMax} counters at a time`],
  ['docs/counting-limits.md', `not asked for ${minutes(sharing.inUseMs)}`],
  ['docs/counting-limits.md', `is read within ${sharing.firstMs} ms`],
  ['docs/counting-limits.md', `again within ${sharing.firstMs} ms of the next request`],
  ['docs/counting-limits.md', `After ${word(sharing.tellMs / 1000)} seconds \`usher_degraded`],
  ['docs/counting-limits.md', `One that was not asked for ${minutes(sharing.forgetMs)} is dropped`],
  ['docs/counting-limits.md', `⌊L/${slotsPerWindow}⌋ for rate limits only`],
  ['docs/counting-limits.md', `${divideMemory(64).limits / 1_048_576}/64 of \`USHER_MEMORY_MB\``],
  ['docs/counting-limits.md', `${megabytes} MB by default`],
  ['docs/keys.md', `for ${word(headLeasesMax)} leases (${headLeasesMax * 2} s)`],
  [
    'docs/running.md',
    `after ${workers.restartMsMin} ms at first and ${workers.restartMsMax / 1000} s at most`,
  ],
  ['docs/running.md', `| ${number(h2.headerBlockBytesMax)} bytes |`],
  ['docs/running.md', `longest block fills, + 2 | ${h2.continuationsMax} |`],
  [
    'docs/running.md',
    `and WINDOW_UPDATE | 10 × \`USHER_STREAMS_MAX\` a second, and as many at once | ${number(rates.resets.burst)} |`,
  ],
  ['docs/running.md', `ten times as many at once | ${rate(rates.pings)} |`],
  ['docs/running.md', `ten times as many at once | ${rate(rates.emptyFrames)} |`],
  ['docs/running.md', `| ${bytes(h2.streamWindowBytes)}, ${bytes(h2.connectionWindowBytes)} |`],
  ['docs/running.md', `an eighth of \`USHER_UNREAD_BYTES_MAX\` | ${bytes(h2.outputBytesMax)} |`],
  ['docs/running.md', `a third of \`USHER_KEEPALIVE_MS\` | ${h2.keepaliveTimeoutMs / 1000} s |`],
  ['docs/running.md', `a fifth of \`USHER_FIRST_BYTE_MS\` | ${h2.goAwayMs / 1000} s |`],
  ['docs/running.md', `a twentieth of \`USHER_FIRST_BYTE_MS\` | ${h2.stopPrefaceMs} ms |`],
])('%s: %s', (page, text) => {
  const flat = readFileSync(page, 'utf8').replace(/\s+/g, ' ');
  expect(flat.includes(text)).toBe(true);
});
