/** Characters for properties about text. */

import fc from 'fast-check';

const surrogates = { first: 0xd800, count: 0x800 };

/**
 * Any Unicode character, for `fc.string({ unit: anyCharacter })`. fast-check's own `binary` means the
 * same, but takes more than a second to set up, in each test file.
 */
export const anyCharacter: fc.Arbitrary<string> = fc
  .nat(0x10_ff_ff - surrogates.count)
  .map(n => String.fromCodePoint(n < surrogates.first ? n : n + surrogates.count));
