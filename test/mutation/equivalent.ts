/** Mutants that no test can notice, since the changed code does the same. Each has its reason. */

/** A change that changes nothing. */
export interface Equivalent {
  path: string;
  /** The line in which the changed part begins, without its indentation. */
  line: string;
  /** The changed part and what takes its place, as the command prints them. */
  from: string;
  to: string;
  /** Why the code does the same. */
  why: string;
}

/** All of them, by file. */
export const equivalents: readonly Equivalent[] = [
  {
    path: 'src/verify/verify.ts',
    line: 'if (known !== undefined) proofs.delete(key);',
    from: 'known !== undefined',
    to: 'true',
    why: 'the cache does not mind the removal of what it does not hold; the condition saves a look-up',
  },
  {
    path: 'src/verify/verify.ts',
    line: 'else if (known !== undefined) proofs.delete(key);',
    from: 'known !== undefined',
    to: 'true',
    why: 'the cache does not mind the removal of what it does not hold; the condition saves a look-up',
  },
  {
    path: 'src/verify/seal.ts',
    line: 'const cipher = createCipheriv(algorithm, key, nonce, { authTagLength: tagBytes });',
    from: '{ authTagLength: tagBytes }',
    to: '{}',
    why: 'a tag of GCM has 16 bytes unless another length is set',
  },
  {
    path: 'src/verify/seal.ts',
    line: 'const decipher = createDecipheriv(algorithm, key, nonce, { authTagLength: tagBytes });',
    from: '{ authTagLength: tagBytes }',
    to: '{}',
    why: 'the tag that is set has 16 bytes in any case; with the option Node need not trust that',
  },
  {
    path: 'src/verify/source-ranges.ts',
    line: 'if (before !== undefined) return before;',
    from: 'before !== undefined',
    to: 'false',
    why: 'the ranges are read again, which only takes longer',
  },
  {
    path: 'src/verify/source-ranges.ts',
    line: 'known.set(texts, ranges);',
    from: 'known.set(texts, ranges);',
    to: ';',
    why: 'the ranges are read again, which only takes longer',
  },
  {
    path: 'src/verify/revoked-jwts.ts',
    line: 'if (last?.by === by) return last.revokedBy;',
    from: 'last?.by === by',
    to: 'false',
    why: 'the same revocation is looked up again, which only takes longer',
  },
];
