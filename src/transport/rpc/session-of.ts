/** Finds the API Manager session of a browser's call. */

import type { Manager } from '../../manager/manager.ts';
import { pageSecretHeader } from '../../manager/page-secret.ts';
import type { Call } from './call.ts';
import type { AddressOf, SessionOf } from './caller-of.ts';

/** The headers that carry a session or show that a call comes from another site. */
const looked = [
  'cookie',
  pageSecretHeader,
  'host',
  'origin',
  'sec-fetch-site',
  'content-type',
  'connect-protocol-version',
];

/** Looks up sessions with the API Manager. */
export function createSessionOf(
  manager: Pick<Manager, 'callerOf'>,
  addressOf: AddressOf,
): SessionOf {
  return (call: Call) => {
    const headers = Object.fromEntries(
      looked.flatMap(name => {
        const values = call.header(name);
        // HTTP/2 may have a cookie in a field of its own (RFC 9113 section 8.2.3).
        const joint = name === 'cookie' ? '; ' : ', ';
        return values.length === 0 ? [] : [[name, values.join(joint)]];
      }),
    );
    return manager.callerOf(headers, addressOf(call));
  };
}
