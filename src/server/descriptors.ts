/** How many connections the listeners may have, so that files stay free for the store and the manager. */

import { readFileSync } from 'node:fs';
import type { Config } from '../settings/config.ts';

/** Connections of each listener, at most. */
export interface ConnectionsMax {
  grpc: number;
  http: number;
  manager: number;
}

/** Open files of the process itself: the store, its connections, the log, Node. */
const ownFiles = 64;
/** The manager's part of what is left, and its least. */
const managerPart = 1 / 8;
const managerMin = 8;

/**
 * The connections that each listener may have in a process that may open `filesMax` files, and what
 * the log says where that is less than configured: a warning where it is less than half. Undefined
 * stands for a limit that is not known.
 */
export function connectionsFor(
  { connectionsMax, grpcListen, httpListen, managerListen }: Config,
  filesMax: number | undefined,
): ConnectionsMax & { said?: { level: 'info' | 'warn'; text: string } } {
  const all = { grpc: connectionsMax, http: connectionsMax, manager: connectionsMax };
  if (filesMax === undefined) return all;
  const manager = managerListen === 'off' ? 0 : 1;
  const others = [grpcListen, httpListen].filter(listen => listen !== 'off').length;
  const left = Math.max(filesMax - ownFiles, 0);
  if ((manager + others) * connectionsMax <= left) return all;
  const ofManager = Math.min(
    connectionsMax,
    Math.max(managerMin, others === 0 ? left : Math.floor(left * managerPart)),
  );
  const each = Math.max(1, Math.floor((left - manager * ofManager) / Math.max(others, 1)));
  const ofOthers = Math.min(connectionsMax, each);
  return {
    grpc: ofOthers,
    http: ofOthers,
    manager: ofManager,
    said: {
      level: ofOthers < connectionsMax / 2 ? 'warn' : 'info',
      text:
        `this process may open ${filesMax} files, too few for USHER_CONNECTIONS_MAX: the gRPC and ` +
        `HTTP listeners take ${ofOthers} connections each, the API Manager ${ofManager}; raise the ` +
        'limit (ulimit -n, LimitNOFILE of systemd), or lower USHER_CONNECTIONS_MAX',
    },
  };
}

/** How many files this process may open; undefined where Linux does not tell, or there is no limit. */
export function openFilesMax(): number | undefined {
  let text: string;
  try {
    text = readFileSync('/proc/self/limits', 'utf8');
  } catch {
    // Other systems have no such file; there the limit is the operator's to know.
    return undefined;
  }
  const [, soft] = /^Max open files\s+(\d+)/m.exec(text) ?? [];
  return soft === undefined ? undefined : Number(soft);
}
