/** A whole Usher for the gateways' tests, with tokens for every verdict. */

import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type JWTPayload, SignJWT } from 'jose';
import { type Admin, connectAdmin } from '../../src/client/admin.ts';
import { readConfig } from '../../src/config.ts';
import { openSecrets } from '../../src/first-start.ts';
import { Kind } from '../../src/gen/usher/v1/access_token_pb.ts';
import { openLog } from '../../src/log.ts';
import { type RunningServer, startServer } from '../../src/server.ts';

/** A running Usher. */
export interface Usher {
  readonly grpc: string;
  readonly http: string;
  readonly admin: Admin;
  stop(): Promise<void>;
}

export const adminToken = 'admin-token-of-the-gateway-tests-0123';
const masterKeys = `k1:${randomBytes(32).toString('base64')}`;

/** Starts one on free ports, on a store of its own where none is named. */
export async function startUsher(env: Record<string, string> = {}): Promise<Usher> {
  const folder = await mkdtemp(join(tmpdir(), 'usher-doors-'));
  const config = readConfig({
    USHER_STORE: `lmdb:${folder}`,
    USHER_GRPC_LISTEN: '127.0.0.1:0',
    USHER_HTTP_LISTEN: '127.0.0.1:0',
    USHER_MANAGER_LISTEN: '127.0.0.1:0',
    USHER_MASTER_KEYS: masterKeys,
    USHER_ADMIN_TOKEN: adminToken,
    USHER_GRACE_MS: '100',
    ...env,
  });
  const server: RunningServer = await startServer(config, openSecrets(config), openLog('silent'));
  const { grpc = '', http = '', manager = '' } = server.addresses;
  const url = `http://${manager}`;
  return {
    grpc,
    http,
    admin: connectAdmin({ url, authorization: adminToken, timeoutMs: 10_000 }),
    async stop() {
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Fields of a token to make. */
export interface TokenFields {
  owner?: string;
  scopes?: string[];
  audiences?: string[];
}

/** Makes a static token. */
export async function makeStatic({ admin }: Usher, fields: TokenFields = {}) {
  const { accessToken, token } = await admin.tokens.create({
    kind: Kind.STATIC,
    name: 'test',
    ...fields,
  });
  return { id: accessToken?.id ?? '', token };
}

/** Makes a jwt access token, and signs with it. */
export async function makeJwt({ admin }: Usher, fields: TokenFields = {}) {
  const { accessToken, secret } = await admin.tokens.create({
    kind: Kind.JWT,
    name: 'test',
    ...fields,
  });
  const id = accessToken?.id ?? '';
  const sign = (payload: JWTPayload, header: Record<string, unknown> = { kid: id }) =>
    new SignJWT(payload)
      .setProtectedHeader({ alg: 'HS256', ...header })
      .sign(new TextEncoder().encode(secret));
  return { id, secret, sign };
}
