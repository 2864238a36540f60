/** Both engines of the gRPC port, for tests that each must pass. */

import { createH2GrpcListener } from '../../../src/transport/grpc/listener.ts';
import { createGrpcListener } from '../../../src/transport/grpc-js/listener.ts';

export const engines = [
  { engine: 'grpc-js', createListener: createGrpcListener },
  { engine: 'h2', createListener: createH2GrpcListener },
] as const;
