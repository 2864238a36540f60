/** The program that plays many processes of Usher; a process of its own, so that Redis has its core alone. */

import { createInterface } from 'node:readline';
import { importedKey, tokenKey } from '../../src/store/redis/keys.ts';
import { type Recording, replay } from './replay.ts';

/** The first line is what to play; `asked` holds base64. */
interface Order {
  port: number;
  count: number;
  recording: { lengthMs: number; asked: { atMs: number; bytes: string }[] };
}

for await (const line of createInterface({ input: process.stdin })) {
  const { port, count, recording }: Order = JSON.parse(line);
  const asked = recording.asked.map(({ atMs, bytes }) => ({
    atMs,
    bytes: Buffer.from(bytes, 'base64'),
  }));
  const played: Recording = { lengthMs: recording.lengthMs, asked };
  await replay({ port }, played, count, [tokenKey(''), importedKey('')]);
  process.stdout.write('ready\n');
}
