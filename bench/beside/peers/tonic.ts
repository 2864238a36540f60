import { peers } from '../../engine/peers.ts';
import { builtInRust, ownLacks, ownWork, startOwn } from '../own.ts';
import type { Peer } from '../peer.ts';

/** A server by tonic, in Rust. */
export const tonic: Peer = {
  name: 'tonic',
  wire: 'grpc',
  get: async () => builtInRust(),
  start: async known => await startOwn(peers.tonic, known),
  does: ownWork,
  cannot: ownLacks,
};
