/** The limit of request bytes: the largest request is refused, whoever comes last. */

import { expect, test } from 'vitest';
import { createRequestBytes } from '../../../src/transport/rpc/request-bytes.ts';

function setup(bytesMax: number) {
  const requests = createRequestBytes(bytesMax);
  const refused: string[] = [];
  return { requests, refused, open: (name: string) => requests.open(() => refused.push(name)) };
}

test('the largest request is refused, and its bytes are free', () => {
  const { requests, refused, open } = setup(100);
  const [long, short, last] = [open('long'), open('short'), open('last')];
  long.add(60);
  short.add(30);
  last.add(20);
  expect(refused).toEqual(['long']);
  expect(requests.bytes).toBe(50);
});

test('a request that alone exceeds the limit is refused', () => {
  const { requests, refused, open } = setup(100);
  open('other').add(90);
  open('long').add(101);
  expect(refused).toEqual(['long']);
  expect(requests.bytes).toBe(90);
});

test('a request that has ended holds nothing, and counts no more bytes', () => {
  const { requests, refused, open } = setup(100);
  const request = open('request');
  request.add(60);
  request.end();
  request.end();
  request.add(500);
  expect(requests.bytes).toBe(0);
  expect(refused).toEqual([]);
});
