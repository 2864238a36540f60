/** The session that a browser's call comes with. */

import type { Manager } from '../../manager/manager.ts';
import type { Call } from './call.ts';
import type { SessionOf } from './caller-of.ts';

/** The headers by which a session is read and another site's page is told. */
const looked = [
  'cookie',
  'host',
  'origin',
  'sec-fetch-site',
  'content-type',
  'connect-protocol-version',
  'x-forwarded-proto',
];

/** Reads sessions of the API Manager. */
export function createSessionOf(manager: Pick<Manager, 'callerOf'>): SessionOf {
  return (call: Call) => {
    const headers = Object.fromEntries(
      looked.flatMap(name => {
        const values = call.header(name);
        return values.length === 0 ? [] : [[name, values.join(', ')]];
      }),
    );
    return manager.callerOf({ headers, socket: undefined }, call.peer);
  };
}
