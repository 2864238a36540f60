/** The table of reasons, and its order in the API's documentation. */

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { reasons } from '../../src/verify/verdict.ts';

test('verifier.proto names the reasons in the order of the checks', () => {
  const proto = readFileSync('proto/usher/v1/verifier.proto', 'utf8');
  const order = /made in this order:([^.]*)\./.exec(proto)?.[1] ?? '';
  expect(order.match(/[A-Z_]{3,}/g)).toEqual(Object.keys(reasons));
});
