/** The oracle: checks verdicts against the acknowledged changes, in the order of real time. */

import type { Verdict } from '../../src/verify/verdict.ts';

/** The end of a credential: a revocation, or a rotation with a grace. Times are in world time. */
export interface Ending {
  what: 'revoke' | 'jti' | 'rotate';
  askedMs: number;
  ackedMs: number;
  /** For a rotation: end of the grace on the wall clock, in milliseconds. */
  goodUntilWallMs: number;
}

/** A header, and the history of its credential. */
export interface Credential {
  name: string;
  header: string;
  tokenId: string;
  createdAckedMs: number;
  endings: Ending[];
}

/** A verification and its outcome. */
export interface Verification {
  where: string;
  credential: Credential;
  startedMs: number;
  endedMs: number;
  /** Least and greatest value of the judging process's wall clock during the verification. */
  wallMs: { least: number; greatest: number };
  /** Whether the process failed to read the store during the verification. */
  storeFailed: boolean;
  outcome: Pick<Verdict, 'valid' | 'stale'> & { reason?: string };
}

/** The limits that the documents promise. */
export interface Promised {
  boundMs: number;
  staleMaxMs: number;
  /** Longest time for which the refusal of an unknown token may be cached, in milliseconds. */
  unknownTtlMs: number;
}

/** Creates the oracle. It returns what is wrong with a verdict, or undefined. */
export function createOracle({ boundMs, staleMaxMs, unknownTtlMs }: Promised) {
  /** "process header" of each credential that a process has called revoked. */
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
