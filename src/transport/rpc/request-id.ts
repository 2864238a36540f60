/**
 * Ids of requests, which callers send in `x-request-id` and get back, and by which lines of the log are found.
 */

import { randomUUID } from 'node:crypto';

/** The name of the header, and of the metadata key. */
export const requestIdHeader = 'x-request-id';

/**
 * The ids of callers that are used: shorter than any access token of Usher, and of characters that need no
 * escape anywhere.
 */
const form = /^[\w.:+/=@~-]{1,64}$/;

/** The id of a request by its header: undefined without one, and a new one in place of a strange one. */
export function requestIdOf(sent: string | undefined): string | undefined {
  if (sent === undefined) return undefined;
  return form.test(sent) ? sent : randomUUID();
}
