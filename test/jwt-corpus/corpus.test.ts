/** What Usher decides about the JWTs of each library. */

import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { corpusTable, judgeCorpus } from './corpus.ts';

/** The JWTs to be refused, by what was made. All others are valid. */
const refused: Record<string, string> = {
  'no exp': 'JWT_MISSING_EXP',
  'exp is null': 'JWT_MISSING_EXP',
  'no kid': 'JWT_MISSING_KID',
  'kid only in the key': 'JWT_MISSING_KID',
  expired: 'EXPIRED',
  'exp is text': 'MALFORMED_CLAIM exp',
  'times are DateTime': 'MALFORMED_CLAIM exp',
  'sub is an object': 'MALFORMED_CLAIM sub',
  'scope is a list with gaps': 'MALFORMED_CLAIM scope',
  'no claims at all': 'MALFORMED_CLAIM',
  HS384: 'INVALID_TOKEN',
  HS512: 'INVALID_TOKEN',
  'the algorithm that it chooses for the key': 'INVALID_TOKEN',
  'alg none': 'INVALID_TOKEN',
  'a JWE': 'INVALID_TOKEN',
  'b64 false': 'INVALID_TOKEN',
  'crit with b64 true': 'INVALID_TOKEN',
  'detached payload': 'INVALID_TOKEN',
  'with jku': 'INVALID_TOKEN',
  zip: 'INVALID_TOKEN',
};
/** Where a library differs from the others. */
const except: Record<string, string> = {
  'jose, alg none': 'JWT_MISSING_KID',
  'nimbus-jose-jwt, alg none': 'JWT_MISSING_KID',
  // It reads the text, and writes a number.
  'jwx, exp is text': 'valid',
};

const judged = await judgeCorpus();

describe.each(judged)('$language: $library $version', ({ library, version, decisions }) => {
  test.each(decisions)('$name', ({ name, outcome }) => {
    expect(outcome).toBe(except[`${library}, ${name}`] ?? refused[name] ?? 'valid');
  });
  test('has a version, and JWTs of both kinds', () => {
    expect(version).toMatch(/^v?\d+\.\d+/);
    expect(decisions.some(({ outcome }) => outcome === 'valid')).toBe(true);
    expect(decisions.some(({ name }) => name === 'HS512')).toBe(true);
  });
});

test('every refusal that is expected is of a JWT in the corpus', () => {
  const names = judged.flatMap(({ library, decisions }) =>
    decisions.flatMap(({ name }) => [name, `${library}, ${name}`]),
  );
  expect(names).toEqual(expect.arrayContaining([...Object.keys(refused), ...Object.keys(except)]));
});

test('docs/jwt.md has the table of the corpus', () => {
  const page = readFileSync(new URL('../../docs/jwt.md', import.meta.url), 'utf8');
  expect(page).toContain(corpusTable(judged));
});
