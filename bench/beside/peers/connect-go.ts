import { peers } from '../../engine/peers.ts';
import { builtInGo, ownLacks, ownWork, startOwn } from '../own.ts';
import type { Peer } from '../peer.ts';

/** A server by connect-go. */
export const connectGo: Peer = {
  name: 'connect-go',
  wire: 'connect',
  get: async () => builtInGo('connect-go', 'connect-go', 'connectrpc.com/connect'),
  start: async known => await startOwn(peers.connectGo, known),
  does: ownWork,
  cannot: ownLacks,
};
