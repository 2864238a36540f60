/**
 * How the SDK sends questions: batched, shared, with a deadline, and to another address if one is
 * down.
 */

import { Code, ConnectError } from '@connectrpc/connect';
import { afterEach, describe, expect, test } from 'vitest';
import { createUsher, type UsherOptions } from '../../src/client/node.ts';
import { UsherUnavailable } from '../../src/client/unavailable.ts';
import type { Requirement, UsherLimits } from '../../src/client/usher.ts';
import { stall } from '../stall.ts';
import { type FakeServer, type FakeWorld, fakeWorld, good, soon } from './fake-usher.ts';

let world: FakeWorld | undefined;
afterEach(() => world?.usher.close());

function start(limits: UsherLimits & { streams?: boolean; servers?: number } = {}) {
  world = fakeWorld(limits);
  return {
    ...world,
    server: world.servers[0] as FakeServer,
    other: world.servers[1] as FakeServer,
  };
}

describe.each([
  ['over one stream', true],
  ['call by call', false],
])('%s', (_, streams) => {
  test('questions of one turn of the event loop are sent together', async () => {
    const { usher, server } = start({ streams, batchMax: 2 });
    const verdicts = await Promise.all(['a', 'b', 'c'].map(header => usher.verify(header)));
    expect(verdicts.map(({ identity }) => identity?.tokenId)).toEqual(['a', 'b', 'c']);
    expect(server.messages).toEqual([['a', 'b'], ['c']]);
  });

  test('long headers are split into several messages', async () => {
    const { usher, server } = start({ streams });
    const headers = ['a', 'b', 'c'].map(letter => letter.repeat(20_000));
    await Promise.all(headers.map(header => usher.verify(header)));
    expect(server.messages).toHaveLength(3);
  });

  test('concurrent equal questions are sent once', async () => {
    const { usher, server } = start({ streams });
    await Promise.all([usher.verify('a'), usher.verify('a'), usher.verify('a', { audience: 'x' })]);
    expect(server.messages).toEqual([['a', 'a']]);
  });

  test('retries when the answer is UNAVAILABLE', async () => {
    const { usher, server } = start({ streams });
    let failures = 2;
    server.answer = request => {
      if (failures-- > 0) throw new ConnectError('down', Code.Unavailable);
      return good(request);
    };
    expect(await usher.verify('a')).toMatchObject({ valid: true });
    expect(server.messages).toEqual([['a'], ['a'], ['a']]);
  });

  test('an answer that arrived during a stall counts, however long that was', async () => {
    const { usher, server } = start({ streams, deadlineMs: 1000 });
    server.answer = async request => {
      await new Promise(resolve => setImmediate(resolve));
      return good(request);
    };
    const asked = usher.verify('a');
    while (server.messages.length === 0) await new Promise(resolve => setImmediate(resolve));
    stall(1100);
    expect(await asked).toMatchObject({ valid: true });
  });

  test('does not retry after another error', async () => {
    const { usher, server } = start({ streams });
    server.answer = () => {
      throw new ConnectError('internal error', Code.Internal);
    };
    await expect(usher.verify('a')).rejects.toBeInstanceOf(UsherUnavailable);
    expect(server.messages).toEqual([['a']]);
  });

  test('uses another address when one is down', async () => {
    const { usher, server, other } = start({ streams, servers: 2 });
    server.down = true;
    expect(await usher.verify('a')).toMatchObject({ valid: true });
    expect(other.messages).toEqual([['a']]);
  });

  test('a verdict that does not come in time is unavailable, never a refusal', async () => {
    const { usher, server } = start({ streams, deadlineMs: 20 });
    server.answer = () => new Promise(() => {});
    await expect(usher.verify('a')).rejects.toBeInstanceOf(UsherUnavailable);
    server.answer = good;
    expect(await usher.verify('b')).toMatchObject({ valid: true });
  });

  test('all addresses down is unavailable', async () => {
    const { usher, server, other } = start({ streams, servers: 2, deadlineMs: 30 });
    server.down = true;
    other.down = true;
    await expect(usher.verify('a')).rejects.toBeInstanceOf(UsherUnavailable);
  });

  test('closing fails questions in progress', async () => {
    const { usher, server } = start({ streams });
    server.answer = () => new Promise(() => {});
    const answer = usher.verify('a');
    const refused = expect(answer).rejects.toBeInstanceOf(UsherUnavailable);
    await soon(() => expect(server.messages).toHaveLength(1));
    usher.close();
    await refused;
    await expect(usher.verify('b')).rejects.toBeInstanceOf(UsherUnavailable);
  });
});

test('a later equal question shares an answer only if the watch covers it', async () => {
  const { usher, server, clock, begin } = start();
  await begin();
  const gate = Promise.withResolvers<void>();
  server.answer = async request => {
    await gate.promise;
    return good(request);
  };
  const early = usher.verify('a');
  await soon(() => expect(server.messages).toEqual([['a']]));
  const late = [usher.verify('a'), usher.verify('a')];
  clock.ms += 2000;
  server.answer = request => ({ ...good(request), revision: 2n });
  gate.resolve();
  expect(await early).toMatchObject({ identity: { revision: 1 } });
  expect(await Promise.all(late)).toMatchObject([
    { identity: { revision: 2 } },
    { identity: { revision: 2 } },
  ]);
  expect(server.messages).toEqual([['a'], ['a']]);
});

test('and shares it where it can', async () => {
  const { usher, server, begin } = start();
  await begin();
  const gate = Promise.withResolvers<void>();
  server.answer = async request => {
    await gate.promise;
    return good(request);
  };
  const early = usher.verify('a');
  await soon(() => expect(server.messages).toEqual([['a']]));
  const late = usher.verify('a');
  gate.resolve();
  expect(await late).toBe(await early);
  expect(server.messages).toEqual([['a']]);
});

test('verifications in progress are bounded', async () => {
  const { usher } = start({ pendingMax: 2 });
  const allowed = [usher.verify('a'), usher.verify('b')];
  await expect(usher.verify('c')).rejects.toThrow('too many');
  expect(await Promise.all(allowed)).toHaveLength(2);
});

test("a service's own mistakes are thrown, and not sent to the server", async () => {
  const { usher, server } = start();
  await expect(usher.verify('a', { scopes: ['two scopes'] })).rejects.toBeInstanceOf(TypeError);
  await expect(usher.verify('a', { audience: 'x'.repeat(257) })).rejects.toBeInstanceOf(TypeError);
  expect(() => start({ servers: 0 })).toThrow('addresses is empty');
  expect(server.messages).toEqual([]);
});

test('a misspelt requirement or option is refused, not ignored', async () => {
  const { usher, server } = start();
  const misspelt = { scope: ['admin'] } as Requirement;
  const words = 'a requirement has no member scope; did you mean scopes?';
  await expect(usher.verify('a', misspelt)).rejects.toThrow(words);
  expect(() => usher.cached('a', misspelt)).toThrow(words);
  expect(server.messages).toEqual([]);
  const options = { addresses: ['x'], deadlineMS: 1 } as UsherOptions;
  const text = { addresses: 'usher:50051' } as unknown as UsherOptions;
  expect(() => createUsher(text)).toThrow('addresses is not a list');
  expect(() => createUsher(options)).toThrow(
    'createUsher has no member deadlineMS; did you mean deadlineMs?',
  );
});

test.each([
  ['of no header', undefined, ''],
  ['of null', null, ''],
])('the verdict %s is the server’s', async (_, header, sent) => {
  const { usher, server } = start();
  await usher.verify(header);
  expect(server.messages).toEqual([[sent]]);
});

test.each([
  ['too long', 'x'.repeat(65_537)],
  ['not valid text', '\ud800'],
])('a header that is %s is malformed, without a request', async (_, header) => {
  const { usher, server } = start();
  expect(await usher.verify(header)).toMatchObject({ reason: 'MALFORMED_CREDENTIALS' });
  expect(server.messages).toEqual([]);
});
