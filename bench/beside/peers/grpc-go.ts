import { peers } from '../../engine/peers.ts';
import { builtInGo, ownLacks, ownWork, startOwn } from '../own.ts';
import type { Peer } from '../peer.ts';

/** A server by grpc-go. */
export const grpcGo: Peer = {
  name: 'grpc-go',
  wire: 'grpc',
  get: async () => builtInGo('grpc-go', 'grpc-go', 'google.golang.org/grpc'),
  start: async known => await startOwn(peers.grpcGo, known),
  does: ownWork,
  cannot: ownLacks,
};
