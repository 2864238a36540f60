/** Judges verdicts by what was asked and acknowledged, in the order of real time. */

import type { Verdict } from '../../src/verify/verdict.ts';

/** What ends a credential: a revocation, or a rotation with a grace. Times are those of the world. */
export interface Ending {
  what: 'revoke' | 'jti' | 'rotate';
  askedMs: number;
  ackedMs: number;
  /** rotate: on the wall clock. */
  goodUntilWallMs: number;
}

/** A header, and what is known of it. */
export interface Credential {
  name: string;
  header: string;
  tokenId: string;
  createdAckedMs: number;
  endings: Ending[];
}

/** A verification. */
export interface Verification {
  where: string;
  credential: Credential;
  startedMs: number;
  endedMs: number;
  /** The wall clock of the process that judged: its least and its greatest value meanwhile. */
  wallMs: { least: number; greatest: number };
  /** Whether the process failed to read the store meanwhile. */
  storeFailed: boolean;
  outcome: Pick<Verdict, 'valid' | 'stale'> & { reason?: string };
}

/** The promise. */
export interface Promised {
  boundMs: number;
  staleMaxMs: number;
  /** How long a refusal of an unknown token may be used again, at the most. */
  unknownTtlMs: number;
}

/** Makes it. The answer is what is wrong with a verdict, or undefined. */
export function createOracle({ boundMs, staleMaxMs, unknownTtlMs }: Promised) {
  /** "where header" of those that a process has told to be revoked. */
  const toldRevoked = new Map<string, number>();

  const validWrong = (verification: Verification): string | undefined => {
    const { where, credential, startedMs, wallMs, storeFailed, outcome } = verification;
    if (outcome.stale && !storeFailed) return 'stale, although the store could be read';
    const told = toldRevoked.get(`${where} ${credential.header}`) ?? Number.POSITIVE_INFINITY;
    if (startedMs > told) return 'valid, although it was known to be revoked';
    const allowedMs = boundMs + (outcome.stale ? staleMaxMs : 0);
    for (const { what, ackedMs, goodUntilWallMs } of credential.endings) {
      if (what === 'rotate' && wallMs.least < goodUntilWallMs) continue;
      const lateMs = startedMs - ackedMs;
      if (lateMs > allowedMs) return `valid ${lateMs.toFixed(1)} ms after the ${what}`;
    }
    return undefined;
  };

  const refusedWrong = ({ credential, startedMs, endedMs, wallMs, outcome }: Verification) => {
    const { endings, createdAckedMs } = credential;
    const asked = endings.filter(({ askedMs }) => askedMs <= endedMs);
    switch (outcome.reason) {
      case 'REVOKED':
        return asked.some(({ what }) => what !== 'rotate') ? undefined : 'REVOKED out of nowhere';
      case 'INVALID_TOKEN': {
        const rotated = asked.some(
          ({ what, goodUntilWallMs }) => what === 'rotate' && goodUntilWallMs <= wallMs.greatest,
        );
        if (rotated || startedMs - createdAckedMs <= boundMs + unknownTtlMs) return undefined;
        return 'INVALID_TOKEN for a good token';
      }
      default:
        return `${outcome.reason} out of nowhere`;
    }
  };

  return (verification: Verification): string | undefined => {
    const { where, credential, endedMs, outcome } = verification;
    if (outcome.valid) return validWrong(verification);
    const name = `${where} ${credential.header}`;
    if (outcome.reason === 'REVOKED' && !toldRevoked.has(name)) toldRevoked.set(name, endedMs);
    return refusedWrong(verification);
  };
}
