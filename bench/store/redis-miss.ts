/** Measures a cache miss on Redis: one command, shared by all concurrent callers of one token. */

import { createClient } from '@connectrpc/connect';
import { createGrpcTransport } from '@connectrpc/connect-node';
import { VerifierService } from '../../src/gen/usher/v1/verifier_pb.ts';
import { createMasterKeys } from '../../src/verify/master-keys.ts';
import { masterKey, startRedis, startUsher } from '../processes.ts';
import type { Row } from '../row.ts';
import { fillRedis } from './fill.ts';
import { commandsOf, listed, totalOf } from './redis-commands.ts';

const misses = 500;
const callersAtOnce = 16;

/** The row of the part "misses". */
export async function missRows(): Promise<Row[]> {
  const redis = await startRedis();
  const keys = createMasterKeys([masterKey]);
  const tokens = await fillRedis(redis.port, misses, { keys, isKnown: () => true });
  const usher = await startUsher({
    USHER_STORE: `redis://127.0.0.1:${redis.port}`,
    USHER_STORE_TIMEOUT_MS: '5000',
  });
  try {
    const transport = createGrpcTransport({ baseUrl: `http://${usher.grpc}` });
    const verifier = createClient(VerifierService, transport);
    const counts = await commandsOf(redis.port, async () => {
      for (const header of tokens.values()) {
        const asked = Array.from({ length: callersAtOnce }, () => verifier.verify({ header }));
        for (const { valid, reason } of await Promise.all(asked)) {
          if (!valid) throw new Error(`refused for ${reason}`);
        }
      }
    });
    return [
      {
        what: `commands to Redis for ${misses} misses, each asked for by ${callersAtOnce} callers at once`,
        measured: listed(counts),
        bound: `${misses} GET: one command, one round trip each`,
        pass: totalOf(counts) === misses && counts.get('GET') === misses,
      },
    ];
  } finally {
    await usher.stop();
    await redis.stop();
  }
}
