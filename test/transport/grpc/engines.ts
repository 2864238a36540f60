/**
 * Both engines of the gRPC port, for tests that each must pass, with what a call holds in each until its
 * answer is read, besides the answer, in bytes.
 */

import { createH2GrpcListener } from '../../../src/transport/grpc/listener.ts';
import { createGrpcListener } from '../../../src/transport/grpc-js/listener.ts';

export const engines = [
  { engine: 'grpc-js', createListener: createGrpcListener, unreadCallBytes: 8192 },
  { engine: 'h2', createListener: createH2GrpcListener, unreadCallBytes: 1024 },
] as const;
