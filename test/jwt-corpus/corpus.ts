/** The corpus of JWTs that libraries made, and what Usher decides about each. */

import { readdirSync, readFileSync } from 'node:fs';
import { jwtRecord, keys, verifierOf } from '../verify/setup.ts';

/** The JWTs of one library, as its generator printed them. */
interface Fixture {
  language: string;
  library: string;
  version: string;
  /** By what was made. */
  jwts: Record<string, string>;
  /** What the library refused to make, and its error. */
  notMade: string[];
}

/** A decision about one JWT. */
interface Decision {
  library: string;
  /** What was made. */
  name: string;
  /** "valid", or the reason with the claim that its text names. */
  outcome: string;
}

/** A library and the decisions about all its JWTs. */
export interface Judged extends Omit<Fixture, 'jwts'> {
  decisions: Decision[];
}

// As in generate.sh.
const kid = '018f0000-0000-7000-8000-00000000abcd';
const key = 'not-a-secret-but-the-key-of-the-test-corpus-which-has-64-letters';
const nowMs = 1_700_000_000_000;

/** Decides about the whole corpus, at the time when it was made. */
export async function judgeCorpus(): Promise<Judged[]> {
  const record = jwtRecord({
    id: kid,
    secrets: [{ ...keys.seal(key, kid), createdAt: 1 }],
    scopes: ['orders:read', 'mail'],
  });
  const verify = verifierOf([record], () => nowMs);
  const judged: Judged[] = [];
  for (const { jwts, ...fixture } of readFixtures()) {
    const decisions: Decision[] = [];
    for (const [name, jwt] of Object.entries(jwts)) {
      const verdict = await verify({ header: `Bearer ${jwt}` });
      const outcome = verdict.valid
        ? 'valid'
        : [verdict.reason, verdict.claim].filter(part => part !== undefined).join(' ');
      decisions.push({ library: fixture.library, name, outcome });
    }
    judged.push({ ...fixture, decisions });
  }
  return judged;
}

function readFixtures(): Fixture[] {
  const folder = new URL('fixtures/', import.meta.url);
  return readdirSync(folder)
    .sort()
    .map(file => JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as Fixture);
}

/** The table of docs/jwt.md. */
export function corpusTable(judged: readonly Judged[]): string {
  const rows = judged.map(({ language, library, version, decisions }) => {
    const refused = decisions.filter(({ outcome }) => outcome !== 'valid');
    const valid = decisions.length - refused.length;
    const counts = `${decisions.length} | ${valid} | ${refused.length}`;
    const byOutcome = Object.entries(Object.groupBy(refused, ({ outcome }) => outcome));
    const why = byOutcome
      .map(([outcome, list = []]) => `${code(outcome)}: ${list.map(({ name }) => name).join(', ')}`)
      .join('; ');
    return `| ${language} | ${library} ${version.replace(/^v/, '')} | ${counts} | ${why} |`;
  });
  const head =
    '| language | library | made | accepted | refused | why |\n|---|---|---|---|---|---|';
  return [head, ...rows].join('\n');
}

function code(outcome: string): string {
  const [reason, claim] = outcome.split(' ');
  return claim === undefined ? `\`${reason}\`` : `\`${reason}\` (\`${claim}\`)`;
}
