/** What of the gRPC port is fuzzed. */

import type { Target } from '../target.ts';
import { connectionTarget } from './connection-target.ts';
import { encoderTarget } from './encoder-target.ts';
import { grpcTarget } from './grpc-target.ts';
import { hpackTarget, requestTarget } from './hpack-targets.ts';
import { errorTextTarget, messageTarget, timeoutTarget } from './message-targets.ts';
import { nghttp2Target } from './nghttp2-target.ts';

/** All targets, from whole connections to single functions. */
export const targets: readonly Target[] = [
  connectionTarget,
  grpcTarget,
  hpackTarget,
  encoderTarget,
  nghttp2Target,
  requestTarget,
  messageTarget,
  timeoutTarget,
  errorTextTarget,
];
