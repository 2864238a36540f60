/** The API Manager's browser part on a port, with everything behind it in the test's hands. */

import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ManagerDeps } from '../../src/manager/deps.ts';
import { defaultManagerLimits } from '../../src/manager/limits.ts';
import { createLoginCodes, type LoginCodes } from '../../src/manager/login-codes.ts';
import { createManager, type Manager } from '../../src/manager/manager.ts';
import { adminScope, type Caller } from '../../src/tokens/caller.ts';
import { rememberEnded } from './ended-sessions.ts';

/** What a test turns. */
interface Knobs {
  nowMs: number;
  /** Tokens that are good, with their scopes. */
  tokens: Map<string, readonly string[]>;
  audited: string[];
  errors: unknown[];
  /** What the store throws instead of answering. */
  failure?: Error;
}

/** A manager on a port. */
export interface ManagerOnPort {
  url: string;
  knobs: Knobs;
  manager: Manager;
  codes: LoginCodes;
  close(): Promise<void>;
}

/** A token that may do everything, and its actor. */
export const adminToken = 'an admin token of more than 32 characters';

/** Starts one. */
export async function startManager(change: Partial<ManagerDeps> = {}): Promise<ManagerOnPort> {
  const knobs: Knobs = {
    nowMs: Date.UTC(2026, 1, 3),
    tokens: new Map([[adminToken, [adminScope]]]),
    audited: [],
    errors: [],
  };
  const now = () => knobs.nowMs;
  const codes = createLoginCodes({ now, limits: defaultManagerLimits });
  const fail = () => {
    if (knobs.failure) throw knobs.failure;
  };
  const webFolder = makeWebFolder();
  const callerOf = async (token: string, peer: string): Promise<Caller | undefined> => {
    fail();
    const scopes = knobs.tokens.get(token);
    return scopes && { actor: token, peer, scopes };
  };
  const manager = createManager({
    sessionKey: randomBytes(32),
    now,
    limits: defaultManagerLimits,
    ended: rememberEnded(fail),
    webFolder,
    authenticate: callerOf,
    currentCaller: callerOf,
    redeemLoginCode: code => codes.redeem(code),
    audit: async action => void knobs.audited.push(action),
    status: () => ({
      version: '0.1.0',
      nodeVersion: process.versions.node,
      uptimeSeconds: 1,
      workers: 1,
      store: { kind: 'memory', up: true },
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

/** A built web app of two files. */
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
