/** The limit of request bytes: the largest request is refused, whoever comes last. */

import { expect, test } from 'vitest';
import { createRequestBytes, type HeldRequest } from '../../../src/transport/rpc/request-bytes.ts';

function setup(bytesMax: number) {
  const requests = createRequestBytes(bytesMax);
  const refused: string[] = [];
  const open = (name: string): HeldRequest => ({
    heldBytes: 0,
    refuse: () => void refused.push(name),
  });
  return { requests, refused, open };
}

test('the largest request is refused, and its bytes are free', () => {
  const { requests, refused, open } = setup(100);
  const long = open('long');
  requests.add(long, 40);
  requests.add(long, 20);
  requests.add(open('short'), 30);
  requests.add(open('last'), 20);
  expect(refused).toEqual(['long']);
  expect(requests.bytes).toBe(50);
});

test('a request that alone exceeds the limit is refused', () => {
  const { requests, refused, open } = setup(100);
  requests.add(open('other'), 90);
  requests.add(open('long'), 101);
  expect(refused).toEqual(['long']);
  expect(requests.bytes).toBe(90);
});

test('where all are small, the one that goes beyond the limit is refused', () => {
  const { requests, refused, open } = setup(100_000);
  for (let count = 0; count < 2000; count++) requests.add(open('early'), 50);
  requests.add(open('late'), 60);
  expect(refused).toEqual(['late']);
  expect(requests.bytes).toBe(100_000);
});

test('of many requests, one of the largest is refused', () => {
  const { requests, refused, open } = setup(1_000_000);
  for (let count = 0; count < 1000; count++) requests.add(open('long'), 999);
  for (let count = 0; count < 100; count++) requests.add(open('short'), 500);
  expect(new Set(refused)).toEqual(new Set(['long']));
});

test('what is kept of a request that has ended stays counted', () => {
  const { requests, open } = setup(100);
  const request = open('request');
  requests.add(request, 60);
  requests.end(request, 10);
  expect(requests.bytes).toBe(10);
  requests.end(request);
  requests.end(request, 10);
  expect(requests.bytes).toBe(0);
});

test('a request that has ended holds nothing', () => {
  const { requests, refused, open } = setup(100);
  const request = open('request');
  requests.add(request, 60);
  requests.end(request);
  requests.end(request);
  expect(requests.bytes).toBe(0);
  requests.add(open('next'), 100);
  expect(refused).toEqual([]);
});
