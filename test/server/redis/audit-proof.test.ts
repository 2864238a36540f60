/** Changes to the audit log in Redis are detected. */

import { describeAuditProof, type Tamper } from '../audit-proof.ts';
import { redisPlace } from './place.ts';

const auditKey = 'usher:{log}:audit';

async function redisTamper(): Promise<Tamper> {
  const { url, redis, end } = await redisPlace();
  return {
    url,
    end,
    async read() {
      const entries = (await redis.send('XRANGE', auditKey, '-', '+')) as [string, string[]][];
      return entries.map(([id, members]) => [id, ...members]);
    },
    async write(entries) {
      await redis.send('DEL', auditKey);
      for (const entry of entries) await redis.send('XADD', auditKey, ...entry);
    },
  };
}

describeAuditProof('Redis', redisTamper);
