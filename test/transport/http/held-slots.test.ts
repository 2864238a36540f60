/** Over HTTP/2 a call counts as a stream until its handler is done, even if it was answered before. */

import { once } from 'node:events';
import { expect, test } from 'vitest';
import { verify } from '../fakes.ts';
import { answerOf, openH2, requestH2 } from './http2.ts';
import { startHttp } from './server.ts';

test('handlers of calls that their deadline answered count as streams', async () => {
  const waiting: (() => void)[] = [];
  const { listener, port } = await startHttp({
    limits: { streamsPerConnectionMax: 2 } as never,
    verifier: {
      verify: async question => {
        await new Promise<void>(resolve => waiting.push(resolve));
        return verify(question);
      },
    },
  });
  const session = await openH2(port);
  const headers = [
    ['content-type', 'application/json'],
    ['connect-timeout-ms', '20'],
  ] as const;
  const sent = { method: 'POST', headers, end: false };
  const early = [1, 2].map(() => requestH2(session, '/usher.v1.VerifierService/Verify', sent));
  for (const stream of early) stream.end('{"header":"good"}');
  const answers = await Promise.all(early.map(answerOf));
  expect(answers.map(({ body }) => JSON.parse(body).code)).toEqual(
    Array(2).fill('deadline_exceeded'),
  );
  const good = [['authorization', 'good']] as const;
  const [reason] = await once(requestH2(session, '/', { headers: good }), 'error');
  expect(String(reason)).toContain('NGHTTP2_REFUSED_STREAM');
  for (const resolve of waiting.splice(0)) resolve();
  await new Promise(setImmediate);
  const next = answerOf(requestH2(session, '/', { headers: good }));
  while (waiting.length === 0) await new Promise(setImmediate);
  for (const resolve of waiting) resolve();
  expect((await next).status).toBe(200);
  session.destroy();
  await listener.stop(5000);
});
