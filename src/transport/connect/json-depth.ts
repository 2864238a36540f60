/**
 * Refuses JSON requests that are nested too deep before they are parsed: a few megabytes of brackets in a
 * field that nothing reads would hold up the process for a third of a second.
 */

import { Code, ConnectError } from '@connectrpc/connect';
import { isDeeperThan } from '../../verify/json-depth.ts';

/** Deepest nesting; the protobuf library has the same limit for binary requests. */
const depthMax = 100;
/** In so few bytes no nesting costs anything, and most requests are shorter. */
const harmlessBytes = 4096;

/** Throws INVALID_ARGUMENT for JSON that is nested too deep. */
export function refuseDeepJson(json: Buffer): void {
  if (json.length > harmlessBytes && isDeeperThan(json, depthMax)) {
    throw new ConnectError(
      `the request is nested deeper than ${depthMax} levels`,
      Code.InvalidArgument,
    );
  }
}
