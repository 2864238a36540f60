/** The error for a block that cannot be decoded (RFC 9113 section 4.3). */

import { ConnectionError, errorCodes } from '../frame.ts';

/** Both ends have different tables after such a block, so the connection ends. */
export function compressionError(message: string): ConnectionError {
  return new ConnectionError(errorCodes.compressionError, 'compression', message);
}
