/** The log: its format, and that no secret reaches it by an error or a field. */

import { describe, expect, test } from 'vitest';
import { errorOf, openLog, requestId } from '../src/log.ts';
import { Unavailable } from '../src/store/store.ts';

const canary = 'c4n4ry';

function logged(write: (log: ReturnType<typeof openLog>) => void, level = 'info'): string[] {
  const lines: string[] = [];
  write(openLog(level, { write: (line: string) => void lines.push(line) }));
  return lines;
}

describe('lines', () => {
  test('are JSON with level, time and message', () => {
    const [line] = logged(log => log.warn({ requestId: 'r1' }, 'slow'));
    expect(JSON.parse(line ?? '')).toMatchObject({
      level: 'warn',
      message: 'slow',
      requestId: 'r1',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
    });
  });

  test('below the level are dropped', () => {
    expect(logged(log => log.info('x'), 'warn')).toEqual([]);
    expect(logged(log => log.fatal('x'), 'silent')).toEqual([]);
  });

  test.each([
    { authorization: canary },
    { headers: { authorization: canary } },
    { request: { headers: { cookie: canary } } },
    { request: { headers: { 'set-cookie': canary } } },
    { header: canary },
    { token: canary },
    { answer: { token: canary } },
    { secret: canary, jwt: canary },
    { config: { masterKeys: [{ id: 'k1', key: canary }], adminToken: canary } },
    { identity: { claims: { sub: canary } } },
  ])('leave out what is named like a secret: %j', fields => {
    const [line] = logged(log => log.error(fields, 'x'));
    expect(line).not.toContain(canary);
    expect(line).toContain('[redacted]');
  });

  test('format errors with errorOf, in any field', () => {
    const error = Object.assign(new Error('gone'), { command: { args: [canary] } });
    for (const line of logged(log => {
      log.error(error);
      log.error({ error }, 'x');
      log.error({ err: error }, 'x');
    })) {
      expect(line).toContain('gone');
      expect(line).not.toContain(canary);
    }
  });
});

describe('errorOf', () => {
  test('shows name, message, code, frames and causes', () => {
    const inner = Object.assign(new TypeError('inner'), { code: 'ECONNREFUSED' });
    const told = errorOf(new Error('outer', { cause: inner }));
    expect(told).toMatchObject({
      name: 'Error',
      message: 'outer',
      cause: { name: 'TypeError', message: 'inner', code: 'ECONNREFUSED' },
    });
    expect(told.stack).toMatch(/^\s+at /);
    expect(told.stack).not.toContain('outer');
  });

  test('shows no frames of what only says that a store cannot be reached', () => {
    const cause = new Error('ECONNREFUSED', { cause: new Error('the socket') });
    const told = errorOf(new Error('a bug', { cause: new Unavailable('Redis is down', cause) }));
    expect(told.stack).toMatch(/^\s+at /);
    expect(told.cause).toEqual({
      ...{ name: 'Unavailable', message: 'Redis is down' },
      cause: {
        name: 'Error',
        message: 'ECONNREFUSED',
        cause: { name: 'Error', message: 'the socket' },
      },
    });
  });

  test('leaves out the command arguments in a Redis error', () => {
    const error = new Error(`ERR unknown command 'X', with args beginning with: '${canary}' `);
    error.name = 'ReplyError';
    expect(errorOf(error).message).toBe("ERR unknown command 'X'");
    expect(JSON.stringify(errorOf(error))).not.toContain(canary);
  });

  test('shows the errors in an AggregateError', () => {
    const error = new AggregateError([new Error('one'), new Error('two')], 'both');
    expect(errorOf(error).errors?.map(({ message }) => message)).toEqual(['one', 'two']);
  });

  test('never shows a thrown value that is not an error', () => {
    expect(JSON.stringify(errorOf(canary))).not.toContain(canary);
    expect(JSON.stringify(errorOf(new Error('x', { cause: canary })))).not.toContain(canary);
  });

  test('stops at a cycle of causes', () => {
    const error: Error = new Error('round');
    error.cause = error;
    expect(JSON.stringify(errorOf(error)).match(/round/g)).toHaveLength(9);
  });
});

test('request ids differ', () => {
  expect(requestId()).not.toBe(requestId());
});
