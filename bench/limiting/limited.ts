/** Compares Verify of a token with a rate limit and a quota with Verify of one without limits. */

import { managerOf, signJwt } from '../access-tokens.ts';
import { paired } from '../load.ts';
import { startUsher, type Usher } from '../processes.ts';
import { type Row, ratioRow } from '../row.ts';
import { limitsOffRows } from './limits-off.ts';
import { verifyLoad } from './verify-load.ts';

const rounds = 9;

/** The rows of the part "limits". */
export async function limitRows(): Promise<Row[]> {
  const usher = await startUsher();
  try {
    const manager = managerOf(usher);
    const [free, limited] = [await manager.createStatic(), await manager.createLimited()];
    const [freeJwt, limitedJwt] = [await manager.createJwt(), await manager.createLimitedJwt()];
    const jwtOf = async ({ id, secret }: { id: string; secret: string }) =>
      `Bearer ${await signJwt(id, secret, 'user-1')}`;
    return [
      await compare(usher, 'static token with a rate limit', limited.token, free.token),
      await compare(
        usher,
        'JWT with a rate limit and a quota per subject',
        await jwtOf(limitedJwt),
        await jwtOf(freeJwt),
      ),
      ...(await limitsOffRows()),
    ];
  } finally {
    await usher.stop();
  }
}

async function compare(usher: Usher, what: string, header: string, free: string): Promise<Row> {
  const load = (each: string) => () => verifyLoad(usher, each);
  const compared = await paired(rounds, load(header), load(free));
  return ratioRow(`unary gRPC Verify, cached ${what}, against one without limits`, compared, 1.15);
}
