/** Sends commands to Redis and turns every failure into Unavailable. */

import { Unavailable } from '../store.ts';
import type { RedisClient } from './client.ts';
import { followLoss } from './loss.ts';
import type { Script } from './scripts.ts';

/** A client whose failures are Unavailable. */
export interface Asker {
  readonly client: RedisClient;
  /** Runs commands. Throws Unavailable. */
  ask<T>(question: (client: RedisClient) => Promise<T>): Promise<T>;
  /** Runs a script and resolves to its reply. Throws Unavailable. */
  run(script: Script, keys: string[], args: (string | number)[]): Promise<unknown>;
}

/**
 * Wraps a client. `onDown` is called when Redis could not be reached or cannot serve any command.
 * While `unfit` returns a reason, nothing is sent, and the reason is thrown.
 */
export function asker(
  client: RedisClient,
  onDown: (error: unknown) => void,
  unfit: (client: RedisClient) => string | undefined = () => undefined,
): Asker {
  const lost = followLoss(client);
  const ask = async <T>(question: (client: RedisClient) => Promise<T>): Promise<T> => {
    const reason = unfit(client);
    if (reason !== undefined) throw new Unavailable(reason);
    try {
      return await question(client);
    } catch (error) {
      if (isDown(error)) onDown(error);
      throw new Unavailable('Redis did not answer', withoutArguments(error, lost()));
    }
  };
  return {
    client,
    ask,
    run: (script, keys, args) => ask(client => runScript(client, script, keys, args)),
  };
}

/** Scripts whose flags Redis has refused, as it does before version 7. */
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

/** Whether an error means that Redis is down, and not that it refused one command. */
function isDown(error: unknown): boolean {
  return (
    !(error instanceof Error && error.name === 'ReplyError') ||
    /^(LOADING|CLUSTERDOWN|MASTERDOWN|NOAUTH|WRONGPASS)/.test(error.message)
  );
}

/**
 * Keeps secrets out of the log: ioredis errors hold the command's arguments, in fields and message.
 */
function withoutArguments(error: unknown, cause?: Error): Error {
  const message = messageOf(error).replace(/,? with args beginning with.*/s, '');
  return new Error(message.slice(0, 200), cause && { cause: withoutArguments(cause) });
}
