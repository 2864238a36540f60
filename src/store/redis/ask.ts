/** Asks Redis, so that whatever keeps it from answering is thrown as Unavailable. */

import { Unavailable } from '../store.ts';
import type { RedisClient } from './client.ts';
import type { Script } from './scripts.ts';

/** A client with its questions. */
export interface Asker {
  readonly client: RedisClient;
  /** Asks. Throws Unavailable. */
  ask<T>(question: (client: RedisClient) => Promise<T>): Promise<T>;
  /** Runs a script. Throws Unavailable. */
  run(script: Script, keys: string[], args: (string | number)[]): Promise<unknown>;
}

/**
 * Wraps a client. Calls back when Redis could not be reached, or can't answer anything; asks nothing
 * while there is a reason to believe no answer.
 */
export function asker(
  client: RedisClient,
  onDown: () => void,
  unfit: (client: RedisClient) => string | undefined = () => undefined,
): Asker {
  // Whoever asks meanwhile is only told that there is no connection, which helps no operator.
  let lost: Error | undefined;
  const lose = (error: unknown) => {
    lost = withoutArguments(error);
  };
  client.on('error', lose);
  client.on('node error', lose);
  client.on('ready', () => {
    lost = undefined;
  });

  const ask = async <T>(question: (client: RedisClient) => Promise<T>): Promise<T> => {
    const reason = unfit(client);
    if (reason !== undefined) throw new Unavailable(reason);
    try {
      return await question(client);
    } catch (error) {
      if (isDown(error)) onDown();
      throw new Unavailable('Redis did not answer', withoutArguments(error, lost));
    }
  };
  return {
    client,
    ask,
    run: (script, keys, args) => ask(client => runScript(client, script, keys, args)),
  };
}

/** Scripts that this process has seen refused for the flag, by a Redis before version 7. */
const refused = new WeakSet<Script>();

async function runScript(
  client: RedisClient,
  script: Script,
  keys: string[],
  args: (string | number)[],
): Promise<unknown> {
  if (script.plain !== undefined && refused.has(script)) {
    return runScript(client, script.plain, keys, args);
  }
  try {
    return await client.evalsha(script.sha, keys.length, ...keys, ...args);
  } catch (error) {
    if (!messageOf(error).startsWith('NOSCRIPT')) throw error;
  }
  try {
    return await client.eval(script.text, keys.length, ...keys, ...args);
  } catch (error) {
    if (script.plain === undefined || !/compiling script/.test(messageOf(error))) throw error;
    refused.add(script);
    return runScript(client, script.plain, keys, args);
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : '';
}

/** Redis that answers with a refusal of one command is there. */
function isDown(error: unknown): boolean {
  return (
    !(error instanceof Error && error.name === 'ReplyError') ||
    /^(LOADING|CLUSTERDOWN|MASTERDOWN|NOAUTH|WRONGPASS)/.test(error.message)
  );
}

/** An ioredis error carries the command with its arguments, and so may a message: neither is kept. */
function withoutArguments(error: unknown, cause?: Error): Error {
  const message = messageOf(error).replace(/,? with args beginning with.*/s, '');
  return new Error(message.slice(0, 200), cause === undefined ? {} : { cause });
}
