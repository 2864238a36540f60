/** RFC 9113 section 5.1: what was on its way to streams that this server reset is ignored. */

import { expect, onTestFinished, test } from 'vitest';
import { begunPeer, frame, request } from './raw-peer.ts';
import { roomyLimits, serve } from './served.ts';

test('content of as many streams as may be open, all of them reset at once', async () => {
  const streamsMax = 300;
  const rates = { ...roomyLimits.rates, violations: { burst: streamsMax, perSecond: 0 } };
  const served = await serve({ streamsMax, rates });
  onTestFinished(() => served.stop());
  const peer = await begunPeer(served.port);
  const ids = Array.from({ length: streamsMax }, (_, n) => 2 * n + 1);
  const opened = ids.map(id => request(id, '/', 4, ['content-length', '1']));
  // More content than announced: each of them is reset.
  peer.send(...opened, ...ids.map(id => frame('data', 0, id, '0000')));
  const resets = (await peer.settled()).filter(({ type }) => type === 'rstStream');
  expect(resets).toHaveLength(streamsMax);
  peer.send(...ids.map(id => frame('data', 1, id, '00')));
  expect((await peer.settled()).map(({ type }) => type)).not.toContain('rstStream');
});
