/** Measures how much a process grows when one access token sends ever other large JWTs. */

import { createHmac } from 'node:crypto';
import { createClient } from '@connectrpc/connect';
import { createConnectTransport } from '@connectrpc/connect-node';
import { VerifierService } from '../../src/gen/usher/v1/verifier_pb.ts';
import { managerOf } from '../access-tokens.ts';
import { residentMb } from '../load.ts';
import { startUsher } from '../processes.ts';
import { atMost, type Row } from '../row.ts';

const jwts = 100_000;
const perCall = 64;
/** As much heap a character as JSON takes: 1,900 empty lists. The JWT has some 7,800 characters. */
const filler = Array.from({ length: 1900 }, () => []);

/** The rows of the part "memory". */
export async function memoryRows(): Promise<Row[]> {
  return [await growthRow(false), await growthRow(true)];
}

async function growthRow(isRevoked: boolean): Promise<Row> {
  const usher = await startUsher();
  try {
    const manager = managerOf(usher);
    const { id, secret } = await manager.createJwt();
    if (isRevoked) await manager.revoke(id);
    const baseUrl = `http://${usher.http}`;
    const verifier = createClient(
      VerifierService,
      createConnectTransport({ baseUrl, httpVersion: '1.1' }),
    );
    const before = residentMb(usher.pid);
    let most = before;
    for (let sent = 0; sent < jwts; sent += perCall) {
      const requests = Array.from({ length: perCall }, (_, n) => ({
        header: `Bearer ${largeJwt(id, secret, sent + n)}`,
      }));
      const { responses } = await verifier.batchVerify({ requests });
      if (responses.some(({ valid }) => valid === isRevoked)) throw new Error('a wrong verdict');
      most = Math.max(most, residentMb(usher.pid));
      if (sent % (perCall * 200) === 0) process.stderr.write('.');
    }
    const what = `100,000 different ${isRevoked ? 'revoked' : 'good'} JWTs of 8 kB: memory above the start`;
    return atMost(what, most - before, 200, 'MB');
  } finally {
    await usher.stop();
  }
}

function largeJwt(kid: string, secret: string, n: number): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const input = `${part({ alg: 'HS256', kid })}.${part({ exp: 4_000_000_000, n, filler })}`;
  return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`;
}
