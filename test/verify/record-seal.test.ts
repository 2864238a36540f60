/** The MACs of records, and the check values of master keys. */

import { expect, test } from 'vitest';
import { createRecordSeal } from '../../src/verify/record-seal.ts';

const key = (id: string, fill: number) => ({ id, bytes: new Uint8Array(32).fill(fill) });
const seal = createRecordSeal([key('new', 2), key('old', 1)]);
const older = createRecordSeal([key('old', 1)]);

test('a MAC is good for its id and text alone', () => {
  const mac = seal.sign('id', 'text');
  expect(mac).toMatch(/^new [\w-]{22}$/);
  expect(seal.check('id', 'text', mac)).toBe('good');
  for (const [id, text] of [
    ['ie', 'text'],
    ['id', 'texu'],
    ['idt', 'ext'],
    ['', 'idtext'],
  ] as const) {
    expect(seal.check(id, text, mac)).toBe('wrong');
  }
});

test('a MAC with any character changed, or cut, is wrong', () => {
  const mac = seal.sign('id', 'text');
  for (let at = 'new '.length; at < mac.length - 1; at++) {
    const other = mac[at] === 'A' ? 'B' : 'A';
    expect(seal.check('id', 'text', mac.slice(0, at) + other + mac.slice(at + 1))).toBe('wrong');
    expect(seal.check('id', 'text', mac.slice(0, at))).toBe('wrong');
  }
});

test('the first master key signs, the others still check, an unlisted one is named', () => {
  expect(seal.currentId).toBe('new');
  expect(seal.check('id', 'text', older.sign('id', 'text'))).toBe('good');
  expect(older.check('id', 'text', seal.sign('id', 'text'))).toBe('unknown key');
  expect(seal.check('id', 'text', older.sign('id', 'text').replace('old', 'new'))).toBe('wrong');
});

test('what is no MAC is never good', () => {
  for (const mac of ['new', 'new ', 'new  ', `new ${'A'.repeat(21)}`, `new ${'A'.repeat(23)}`]) {
    expect(seal.check('id', 'text', mac)).toBe('wrong');
  }
  expect(seal.check('id', 'text', '')).toBe('unknown key');
});

test('without a key there is no seal', () => {
  expect(() => createRecordSeal([])).toThrow('there is no master key');
});

test('a check value is that of one key under one id', () => {
  expect([...seal.keyChecks.keys()]).toEqual(['new', 'old']);
  expect(seal.keyChecks.get('old')).toBe(older.keyChecks.get('old'));
  const checks = [seal, createRecordSeal([key('new', 1), key('old', 2)])].flatMap(each => [
    ...each.keyChecks.values(),
  ]);
  expect(new Set(checks).size).toBe(4);
});
