/** Scripts also run on servers that do not have them yet or are too old for their flags. */

import { expect, test } from 'vitest';
import { asker } from '../../../src/store/redis/ask.ts';
import type { RedisClient } from '../../../src/store/redis/client.ts';
import { applyScript, beginScript } from '../../../src/store/redis/scripts.ts';
import { Unavailable } from '../../../src/store/store.ts';

/** A server before version 7, for which the first line of a flagged script is an error. */
function oldServer() {
  const known = new Set<string>();
  const sent: string[] = [];
  const refusal = (message: string) => {
    const error = new Error(message);
    error.name = 'ReplyError';
    return Promise.reject(error);
  };
  const client = {
    on: () => undefined,
    evalsha(sha: string) {
      sent.push('evalsha');
      return known.has(sha) ? Promise.resolve('ran') : refusal('NOSCRIPT No matching script.');
    },
    eval(text: string) {
      sent.push('eval');
      if (text.startsWith('#!')) {
        return refusal("ERR Error compiling script (new function): unexpected symbol near '#'");
      }
      for (const script of [beginScript, applyScript.plain]) {
        if (script?.text === text) known.add(script.sha);
      }
      return Promise.resolve('ran');
    },
  };
  return { sent, client: client as unknown as RedisClient };
}

test('the text of a script is sent once, and its hash from then on', async () => {
  const { client, sent } = oldServer();
  const { run } = asker(client, () => undefined);
  expect(await run(beginScript, ['k'], [])).toBe('ran');
  expect(await run(beginScript, ['k'], [])).toBe('ran');
  expect(sent).toEqual(['evalsha', 'eval', 'evalsha']);
});

test('a server that refuses the flag gets the script without it', async () => {
  const { client, sent } = oldServer();
  const { run } = asker(client, () => undefined);
  expect(await run(applyScript, ['k'], [])).toBe('ran');
  sent.length = 0;
  expect(await run(applyScript, ['k'], [])).toBe('ran');
  expect(sent).toEqual(['evalsha']);
});

test('a server that cannot be reached is down, and one that refuses is not', async () => {
  let downs = 0;
  const { client } = oldServer();
  const { ask } = asker(client, () => downs++);
  const refuse = (name: string, message: string) => () => {
    const error = Object.assign(new Error(message), { name });
    return Promise.reject(error);
  };
  const oom = refuse('ReplyError', 'OOM command not allowed');
  await expect(ask(oom)).rejects.toBeInstanceOf(Unavailable);
  expect(downs).toBe(0);
  await expect(ask(refuse('ReplyError', 'LOADING'))).rejects.toBeInstanceOf(Unavailable);
  await expect(ask(refuse('Error', 'Command timed out'))).rejects.toBeInstanceOf(Unavailable);
  expect(downs).toBe(2);
});
