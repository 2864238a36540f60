/**
 * Opens the token functions over a real embedded store in a new folder, with a clock that tests
 * set.
 */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect } from 'vitest';
import { openLmdb } from '../../src/store/lmdb/store.ts';
import { createAccessTokens } from '../../src/tokens/access-tokens.ts';
import { createAudit } from '../../src/tokens/audit.ts';
import { adminScope, type Caller, createAuthenticate, readScope } from '../../src/tokens/caller.ts';
import { TokenError, type TokenErrorCode } from '../../src/tokens/errors.ts';
import { createExplainTo } from '../../src/tokens/explain.ts';
import type { Fields } from '../../src/tokens/fields.ts';
import { createGuesses } from '../../src/tokens/guesses.ts';
import { createImport } from '../../src/tokens/import.ts';
import { createIssueJwt } from '../../src/tokens/issue.ts';
import type { GuessLimits } from '../../src/tokens/limits.ts';
import { createDirectory } from '../../src/tokens/list/directory.ts';
import { createLookup } from '../../src/tokens/lookup.ts';
import { createExplain } from '../../src/verify/explain.ts';
import { createFindImported } from '../../src/verify/imported.ts';
import { createMasterKeys } from '../../src/verify/master-keys.ts';
import { createIsProven, createProofCache } from '../../src/verify/proof-cache.ts';
import { createProve } from '../../src/verify/prove.ts';
import { createVerify } from '../../src/verify/verify.ts';
import { unlimited } from '../limiting/setup.ts';
import { defaultLimits, roomy } from '../limits.ts';
import { testSeal } from '../seal.ts';

/** Start of every test's clock, in milliseconds since 1970. */
export const startMs = 1_700_000_000_000;

/** Everything that the tests of this folder need; closed and deleted after the tests of a file. */
export function openOffice() {
  const folder = mkdtempSync(join(tmpdir(), 'usher-tokens-'));
  const clock = { ms: startMs };
  const now = () => clock.ms;
  const store = openLmdb(folder, { now, seal: testSeal, limits: defaultLimits.store.lmdb });
  const keys = createMasterKeys([{ id: 'k1', bytes: new Uint8Array(32).fill(1) }]);
  const limits = defaultLimits.verify;
  const proofs = createProofCache(roomy);
  const findImported = createFindImported(store, keys);
  const prove = createProve(keys, roomy);
  const decision = {
    records: store,
    keys,
    findImported,
    prove,
    now,
    limits,
    tokenLimits: unlimited,
  };
  const verify = createVerify({ ...decision, proofs });
  const directory = createDirectory({
    ...{ store, now, limits: defaultLimits.directory },
    monotonicMs: () => performance.now(),
  });
  const tokens = createAccessTokens({ store, keys, now, limits: defaultLimits.changes, directory });
  afterAll(async () => {
    directory.close();
    await store.close();
    rmSync(folder, { recursive: true });
  });
  const verdictOn = async (header: string) => {
    const verdict = await verify({ header });
    return verdict.valid ? 'valid' : verdict.reason;
  };
  return {
    clock,
    now,
    store,
    keys,
    verify,
    verdictOn,
    tokens,
    /** Authenticates callers by their tokens, or by this admin token. */
    authenticateBy: (adminToken: string, guesses = openGuesses()) =>
      createAuthenticate({
        ...{ verify, records: store, isProven: createIsProven(proofs, limits), guesses },
        adminToken,
      }),
    audit: createAudit({ store, keys, now }),
    explain: createExplainTo(createExplain(decision)),
    lookup: createLookup({ ...decision, store }),
    importTokens: createImport({ store, keys, now, limits }),
    issue: createIssueJwt(store, keys, now, defaultLimits.verify),
  };
}

/** Counts wrong credentials by the default limits, with some changed, and a clock that tests set. */
export function openGuesses(some: Partial<GuessLimits> = {}, clock = { ms: 0 }) {
  return createGuesses({
    limits: { ...defaultLimits.guesses, ...some },
    monotonicMs: () => clock.ms,
    onWrong: () => undefined,
    onSlowed: () => undefined,
  });
}

/** The caller with the configured admin token. */
export const admin: Caller = {
  actor: 'admin',
  name: 'admin token',
  peer: '127.0.0.1',
  scopes: [adminScope],
};

/** A caller whose access token may only read. */
export const reader: Caller = { actor: 'reader', name: '', peer: '127.0.0.1', scopes: [readScope] };

/** An administrator who is limited to one owner's access tokens. */
export const adminOf = (owner: string): Caller => ({
  ...admin,
  actor: `admin of ${owner}`,
  owners: [owner],
});

/** Valid fields of an access token; `some` replaces those that a test is about. */
export const fields = (some: Partial<Fields> = {}): Fields => ({
  name: 'test',
  scopes: ['a'],
  ...some,
});

/** Expects a TokenError of this code whose message matches. */
export async function expectRefused(
  call: Promise<unknown>,
  code: TokenErrorCode,
  message: string | RegExp = '',
) {
  const error = await call.then(
    () => expect.unreachable('it was not refused'),
    (cause: unknown) => cause,
  );
  expect(error).toBeInstanceOf(TokenError);
  expect(error).toMatchObject({ code });
  expect((error as TokenError).message).toMatch(message);
}
