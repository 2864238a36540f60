/** What of the gRPC port is fuzzed. */

import type { Target } from '../target.ts';
import { connectionTarget } from './connection-target.ts';
import { hpackTarget, requestTarget } from './hpack-targets.ts';
import { errorTextTarget, messageTarget, timeoutTarget } from './message-targets.ts';

/** All targets, from the whole connection to single functions. */
export const targets: readonly Target[] = [
  connectionTarget,
  hpackTarget,
  requestTarget,
  messageTarget,
  timeoutTarget,
  errorTextTarget,
];
