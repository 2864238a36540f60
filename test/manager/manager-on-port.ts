/** The API Manager's browser part on a port; the test controls everything behind it. */

import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ManagerDeps } from '../../src/manager/deps.ts';
import { createLoginCodes, type LoginCodes } from '../../src/manager/login-codes.ts';
import { createManager, type Manager } from '../../src/manager/manager.ts';
import type { EndedSessions } from '../../src/store/store.ts';
import { adminScope, type Caller } from '../../src/tokens/caller.ts';
import { defaultLimits } from '../limits.ts';
import { rememberEnded } from './ended-sessions.ts';
import { noneInvited } from './none-invited.ts';

/** What a test turns. */
interface Knobs {
  nowMs: number;
  /** Valid tokens, with their scopes. */
  tokens: Map<string, readonly string[]>;
  /** Actions written to the audit log. */
  audited: string[];
  /** Why requests were refused. */
  refused: string[];
  /** Errors passed to `onError`. */
  errors: unknown[];
  /** The store throws this instead of answering. */
  failure?: Error;
}

/** A running manager. */
export interface ManagerOnPort {
  /** Base URL. */
  url: string;
  knobs: Knobs;
  manager: Manager;
  codes: LoginCodes;
  close(): Promise<void>;
}

/** A token with scope usher.admin; also the actor of its sessions. */
export const adminToken = 'an admin token of more than 32 characters';

/**
 * Starts a manager on a free port; `change` replaces some of its dependencies, and `ends` where sessions
 * are ended.
 */
export async function startManager(
  change: Partial<ManagerDeps> = {},
  ends?: EndedSessions,
): Promise<ManagerOnPort> {
  const knobs: Knobs = {
    nowMs: Date.UTC(2026, 1, 3),
    tokens: new Map([[adminToken, [adminScope]]]),
    audited: [],
    refused: [],
    errors: [],
  };
  const now = () => knobs.nowMs;
  const codes = createLoginCodes({ now, limits: defaultLimits.manager });
  const fail = () => {
    if (knobs.failure) throw knobs.failure;
  };
  const webFolder = makeWebFolder();
  const keys = [randomBytes(32)];
  const ended = ends ?? rememberEnded(fail);
  const callerOf = async (token: string, peer: string): Promise<Caller | undefined> => {
    fail();
    const scopes = knobs.tokens.get(token);
    return scopes && { actor: token, name: '', peer, scopes };
  };
  const manager = createManager({
    sessionKeys: () => keys,
    now,
    limits: defaultLimits.manager,
    webFolder,
    authenticate: callerOf,
    currentCaller: callerOf,
    redeemLoginCode: code => codes.redeem(code),
    beginAttempt: () => ({ end: () => undefined }),
    peerOf: ({ socket }) => socket.remoteAddress ?? '',
    invited: noneInvited,
    sessionList: {
      async add() {
        knobs.audited.push('session.create');
        return true;
      },
      isOpen: async (_, sessionId) => !(await ended.isSessionEnded(sessionId)),
      async touch() {},
      async end({ sessionId, endsAt }) {
        await ended.endSession(sessionId, endsAt);
        knobs.audited.push('session.end');
      },
      findOwn: async () => undefined,
    },
    onAdminSignIn: () => undefined,
    refused: async ({ detail }) => void knobs.refused.push(detail),
    status: () => ({
      version: '0.1.0',
      nodeVersion: process.versions.node,
      uptimeSeconds: 1,
      workers: 1,
      store: { kind: 'lmdb', up: true, degraded: [] },
      masterKeys: { writes: 'k1', reads: ['k1'], waitsFor: [] },
      listeners: { grpc: '127.0.0.1:1', http: '127.0.0.1:2', manager: '127.0.0.1:3' },
    }),
    onError: error => knobs.errors.push(error),
    ...change,
  });
  const server = createServer((req, res) => {
    void manager.handle(req, res).then(handled => handled || res.writeHead(404).end('not its own'));
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    knobs,
    manager,
    codes,
    close: async () => {
      server.closeAllConnections();
      await new Promise(resolve => server.close(resolve));
      rmSync(webFolder, { recursive: true });
    },
  };
}

/** A folder like that of a built web app, with a page and one script. */
function makeWebFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'usher-web-'));
  mkdirSync(join(folder, 'assets'));
  mkdirSync(join(folder, '.vite'));
  writeFileSync(join(folder, '.vite/manifest.json'), '{}');
  writeFileSync(join(folder, 'index.html'), '<meta nonce="__CSP_NONCE__"><p>the app</p>');
  writeFileSync(join(folder, 'assets/index-abc123.js'), 'plain');
  writeFileSync(join(folder, 'assets/index-abc123.js.gz'), 'packed');
  return folder;
}
