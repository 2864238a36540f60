/** Says why a listener cannot open its address, and what to do. */

import { StartError } from '../settings/start-error.ts';

/** The StartError for an address that cannot be opened; every other error is returned as it is. */
export function listenProblem(
  setting: string,
  host: string,
  port: number,
  error: unknown,
): unknown {
  const code = error instanceof Error ? String(Reflect.get(error, 'code')) : '';
  const why = reasons[code]?.(host, port);
  return why === undefined ? error : new StartError(`${why} in ${setting}`);
}

const unresolved = (host: string) => `the host ${host} cannot be resolved; correct it`;

/** By the code that Node gives the error. */
const reasons: Readonly<Record<string, (host: string, port: number) => string>> = {
  EADDRINUSE: (host, port) =>
    `port ${port} of ${host} is in use by another program; stop that one, or name another port`,
  EADDRNOTAVAIL: host => `this machine has no address ${host}; name one that it has`,
  EACCES: (_, port) => `this user may not open port ${port}; name one from 1024 up`,
  ENOTFOUND: unresolved,
  EAI_AGAIN: unresolved,
};
