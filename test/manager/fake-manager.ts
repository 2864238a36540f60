/** The API Manager's browser part, with fakes of the services behind it. */

import { randomBytes } from 'node:crypto';
import {
  createServer,
  type IncomingHttpHeaders,
  type RequestListener,
  type Server,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { connectNodeAdapter } from '@connectrpc/connect-node';
import { AccessTokenService } from '../../src/gen/usher/v1/access_token_pb.ts';
import { LeakService } from '../../src/gen/usher/v1/leaks_pb.ts';
import { VerifierService } from '../../src/gen/usher/v1/verifier_pb.ts';
import type { ManagerDeps } from '../../src/manager/deps.ts';
import { createLoginCodes } from '../../src/manager/login-codes.ts';
import { createManager } from '../../src/manager/manager.ts';
import { sendJson } from '../../src/manager/reply.ts';
import { adminScope } from '../../src/tokens/caller.ts';
import { defaultLimits } from '../limits.ts';
import { rememberEnded } from './ended-sessions.ts';
import { fakeAccessTokens } from './fake-access-tokens.ts';
import { audit, createFakeState, type FakeState } from './fake-state.ts';
import { fakeVerdict, fakeVerifier } from './fake-verifier.ts';
import { noneInvited } from './none-invited.ts';

/** A running fake. */
export interface FakeManager {
  /** Base URL of the web app. */
  url: string;
  /** A token that signs in with scope usher.admin. */
  adminToken: string;
  /** The access tokens and events that the services show. */
  state: FakeState;
  /** Headers of the rpcs that were refused. */
  refused: IncomingHttpHeaders[];
  /** A new one-time login link. */
  loginLink(): string;
  close(): Promise<void>;
}

/** Starts the fake on free ports; `now` is in milliseconds since 1970. */
export async function startFakeManager(options: {
  webFolder: string;
  now?: () => number;
}): Promise<FakeManager> {
  const now = options.now ?? Date.now;
  const limits = defaultLimits.manager;
  const state = createFakeState(now);
  const refused: IncomingHttpHeaders[] = [];
  const adminToken = `admin-${randomBytes(24).toString('hex')}`;
  const codes = createLoginCodes({ now, limits });
  const hello = await listen(createServer(answerHello(state)));
  const server = createServer();
  const addressed = await listen(server);
  const manager = createManager({
    ...managerDeps(state, adminToken),
    now,
    limits,
    webFolder: options.webFolder,
    redeemLoginCode: code => codes.redeem(code),
    status: () => ({
      version: '0.1.0',
      nodeVersion: process.versions.node,
      uptimeSeconds: 93_784,
      workers: 2,
      store: {
        kind: 'lmdb',
        up: true,
        degraded: [{ what: 'changes', detail: 'the disk is full: make room on it' }],
      },
      feed: { kind: 'local', up: true, lagMs: 120 },
      leaseMs: 2000,
      masterKeys: { writes: 'k1', reads: ['k1', 'k2'], waitsFor: ['host:42 (it reads k1)'] },
      listeners: { grpc: '127.0.0.1:50051', http: hello.address, manager: addressed.address },
    }),
  });
  const rpcs = connectNodeAdapter({
    routes: router => {
      router.service(AccessTokenService, fakeAccessTokens(state));
      router.service(VerifierService, fakeVerifier(state));
      router.service(LeakService, { listLeaks: () => ({ leaks: [] }) });
    },
  });
  server.on('request', (req, res) => {
    void (async () => {
      if (!req.url?.startsWith('/usher.v1.')) return manager.handle(req, res);
      const caller = await manager.callerOf(req.headers, '127.0.0.1');
      if (caller) rpcs(req, res);
      else {
        refused.push(req.headers);
        sendJson(res, 401, { code: 'unauthenticated', message: 'sign in first' });
      }
    })();
  });
  return {
    url: `http://${addressed.address}`,
    adminToken,
    state,
    refused,
    loginLink: () => `http://${addressed.address}/login#${codes.issue('admin')}`,
    close: async () => {
      await Promise.all([stop(server), stop(hello.server)]);
    },
  };
}

type FakeDeps = Omit<ManagerDeps, 'now' | 'limits' | 'webFolder' | 'redeemLoginCode' | 'status'>;

function managerDeps(state: FakeState, adminToken: string): FakeDeps {
  const admin = (peer: string) => ({ actor: 'admin', name: '', peer, scopes: [adminScope] });
  const keys = [randomBytes(32)];
  const ended = rememberEnded();
  return {
    sessionKeys: () => keys,
    authenticate: async (header, peer) => (header === adminToken ? admin(peer) : undefined),
    currentCaller: async (actor, peer) => (actor === 'admin' ? admin(peer) : undefined),
    sessionList: {
      async add({ caller: { actor, peer } }) {
        audit(state, { action: 'session.create', actor, peer });
        return true;
      },
      isOpen: async (_, sessionId) => !(await ended.isSessionEnded(sessionId)),
      async touch() {},
      async end({ sessionId, endsAt }, { actor, peer }) {
        await ended.endSession(sessionId, endsAt);
        audit(state, { action: 'session.end', actor, peer });
      },
      findOwn: async () => undefined,
    },
    invited: noneInvited,
    onAdminSignIn: () => undefined,
    refused: async () => undefined,
    beginAttempt: () => ({ end: () => undefined }),
    peerOf: ({ socket }) => socket.remoteAddress ?? '',
  };
}

/** `GET /` of the HTTP listener, which the code to paste calls. */
function answerHello(state: FakeState): RequestListener {
  return (req, res) => {
    const header = req.headers.authorization ?? '';
    const verdict = fakeVerdict(state, { header, audience: '', requiredScopes: [] });
    const time = new Date(state.now()).toISOString().replace(/\.\d+Z$/, 'Z');
    if (verdict.valid) sendJson(res, 200, { message: 'Oh, Hello', time });
    else sendJson(res, verdict.httpStatus, { error: verdict.message });
  };
}

async function listen(server: Server): Promise<{ server: Server; address: string }> {
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { server, address: `127.0.0.1:${port}` };
}

function stop(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise(resolve => server.close(() => resolve()));
}
