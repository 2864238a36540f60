/** The slots of a quota: the date of any time, in whatever order times come. */

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { periodSlots } from '../../src/limiting/slots.ts';

const times = fc.date({
  min: new Date('1970-01-01'),
  max: new Date('2100-01-01'),
  noInvalidDate: true,
});
const edges = fc
  .tuple(fc.nat(2000), fc.constantFrom(-1, 0, 1))
  .map(([month, ms]) => new Date(Date.UTC(1970, month + 1, 1) + ms));

test.each(['day', 'month'] as const)('a time is in the slot of its %s in UTC', period => {
  const { at, start } = periodSlots({ period });
  const length = period === 'day' ? 10 : 7;
  fc.assert(
    fc.property(fc.array(fc.oneof(times, edges), { minLength: 2 }), all => {
      for (const date of all) {
        const slot = at(date.getTime());
        const first = new Date(start(slot));
        expect(first.toISOString().slice(0, length)).toBe(date.toISOString().slice(0, length));
        expect(first.getTime()).toBeLessThanOrEqual(date.getTime());
        expect(date.getTime()).toBeLessThan(start(slot + 1));
      }
    }),
  );
});
