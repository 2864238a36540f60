/** The estimate of what a JSON value takes, against the heap. */

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { answerWeights, heapWeights, jsonBytes } from '../../src/caching/json-bytes.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

function heapBytes(): number {
  collect();
  collect();
  return process.memoryUsage().heapUsed;
}

const list = <T>(length: number, entry: (n: number) => T): T[] =>
  Array.from({ length }, (_, n) => entry(n));

/** Values as the claims of a JWT, some chosen to take as much as they can. */
const shapes: Record<string, (n: number) => unknown> = {
  'usual claims': n => ({
    ...{ iss: 'https://issuer.example', sub: `user-${n}`, aud: ['api', 'shop'] },
    ...{ exp: 4e9 + n, iat: 17e8 + n, jti: `${n}-0123456789`, scope: 'read write' },
    ...{ email: `user-${n}@example.com`, roles: ['admin', 'billing'] },
  }),
  'a long string': n => [`${n}${'x'.repeat(5000)}`],
  'a long string of two bytes a character': n => [`${n}${'x'.repeat(5000)}Ж`],
  'many short strings': n => list(900, at => `${n}-${at}`),
  'small numbers': n => [n, ...list(2800, at => at % 10)],
  'numbers among strings': n => [n, ...list(1000, at => (at % 2 === 0 ? at + 0.5 : 'x'))],
  'empty lists': n => [n, ...list(1900, () => [])],
  'empty objects': n => [n, ...list(1900, () => ({}))],
  'deep lists': n => [n, ...list(90, () => JSON.parse(`${'['.repeat(29)}${']'.repeat(29)}`))],
  'names that occur once': n => Object.fromEntries(list(500, at => [`k${n}-${at}`, 1] as const)),
  'objects with a name that occurs once': n => list(300, at => ({ [`k${n}-${at}`]: 1 })),
};

test.each(Object.entries(shapes))('%s', (_, shape) => {
  const count = 60;
  // The first ones make what V8 keeps for all.
  for (let n = 0; n < 10; n++) JSON.parse(JSON.stringify(shape(n + count)));
  const measure = () => {
    const held: unknown[] = new Array(count).fill(null);
    const before = heapBytes();
    for (let n = 0; n < count; n++) held[n] = JSON.parse(JSON.stringify(shape(n)));
    return { measured: (heapBytes() - before) / count, held };
  };
  // Other tests of this process may free memory, or take some, during one of them.
  const all = list(5, () => measure().measured);
  const estimated = jsonBytes(JSON.parse(JSON.stringify(shape(0))), heapWeights);
  expect(Math.min(...all) / estimated).toBeLessThan(1.4);
  expect(estimated / Math.max(...all)).toBeLessThan(4);
});

test('a member that is undefined, and a missing value, weigh nothing of their own', () => {
  expect(jsonBytes(undefined, heapWeights)).toBe(0);
  expect(jsonBytes({ a: undefined }, heapWeights)).toBeLessThan(200);
});

test('what is answered weighs more than what is held', () => {
  for (const shape of Object.values(shapes)) {
    const value = shape(1);
    expect(jsonBytes(value, answerWeights)).toBeGreaterThan(jsonBytes(value, heapWeights));
  }
});
