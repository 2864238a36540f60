import { peers } from '../../engine/peers.ts';
import { builtInGo, ownLacks, ownWork, startOwn } from '../own.ts';
import type { Peer } from '../peer.ts';

/** A server by Go's net/http. */
export const netHttp: Peer = {
  name: 'net-http',
  wire: 'http',
  get: async () => builtInGo('net-http', 'Go net/http'),
  start: async known => await startOwn(peers.netHttp, known),
  does: ownWork,
  cannot: ownLacks,
};
