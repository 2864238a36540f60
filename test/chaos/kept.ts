/** Asks every replica, after a fault, about all that was acknowledged. */

import { type Door, doorsOf } from '../model/doors.ts';
import type { Credential } from '../model/oracle.ts';
import type { World } from './world.ts';

/** What became of the acknowledged writes. */
export interface Kept {
  /** Sentences about creations, rotations and revocations that are gone without a trace. */
  lost: string[];
  /** Access tokens that are UNAVAILABLE because the store lost a change of theirs. */
  named: number;
}

const credentialsMax = 300;
const attempts = 5;
/** Where no write may be lost, what cannot be known is asked for longer: a busy machine answers late. */
const patientAttempts = 50;
const pauseMs = 200;

/** Compares what each replica says with what was acknowledged, for the latest credentials. */
export async function findKept({ ushers, load }: World, isLossy: boolean): Promise<Kept> {
  const lost: string[] = [];
  const named = new Set<string>();
  for (const [at, usher] of ushers.entries()) {
    const doors = doorsOf(`replica ${at}`, usher);
    const door = doors.find(({ name }) => name.endsWith('connect')) as Door;
    const check = async (credential: Credential) => {
      const expected = expectedOf(credential);
      const said = await ask(door, credential.header, isLossy ? attempts : patientAttempts);
      // A change that was asked for meanwhile may have either outcome.
      if (expected === undefined || expectedOf(credential) !== expected || said === expected)
        return;
      if (said === 'UNAVAILABLE' && isLossy) named.add(credential.tokenId);
      else lost.push(`${door.name} on ${credential.name}: ${said}, not ${expected}`);
    };
    await Promise.all(load.credentials.slice(-credentialsMax).map(check));
    for (const each of doors) each.close();
  }
  return { lost, named: named.size };
}

function expectedOf({ endings }: Credential): string | undefined {
  const [ending] = endings;
  if (ending === undefined) return 'valid';
  if (ending.ackedMs === Number.POSITIVE_INFINITY) return undefined;
  return ending.what === 'rotate' ? 'INVALID_TOKEN' : 'REVOKED';
}

async function ask(door: Door, header: string, attemptsMax: number): Promise<string> {
  for (let attempt = 0; attempt < attemptsMax; attempt++) {
    const outcome = await door.ask(header).catch(() => undefined);
    if (outcome !== undefined) return outcome.valid ? 'valid' : (outcome.reason ?? '');
    await new Promise(resolve => setTimeout(resolve, pauseMs));
  }
  return 'UNAVAILABLE';
}
