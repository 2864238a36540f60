/** A rotation of the master key under load: what callers of all servers see meanwhile. */

import { createHmac, randomBytes } from 'node:crypto';
import { Code, ConnectError } from '@connectrpc/connect';
import { Kind } from '../../src/gen/usher/v1/access_token_pb.ts';
import { KeyService } from '../../src/gen/usher/v1/keys_pb.ts';
import { Reason, VerifierService } from '../../src/gen/usher/v1/verifier_pb.ts';
import { adminOf, clientOf } from './api.ts';

/** A server as a test reaches it. */
export interface Reached {
  http: string;
  manager: string;
  adminToken: string;
}

/** A new key, as USHER_MASTER_KEYS has it. */
export function newKey(id: string): string {
  return `${id}:${randomBytes(32).toString('base64')}`;
}

/** A JWT of a good hour. */
export function jwtOf(kid: string, secret: string): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const exp = Math.floor(Date.now() / 1000) + 3600;
  const body = `${part({ alg: 'HS256', kid })}.${part({ exp, sub: 'someone' })}`;
  return `Bearer ${body}.${createHmac('sha256', secret).update(body).digest('base64url')}`;
}

/** What a server says of a header: a reason, or the code of an error. */
export async function verdictOf({ http }: Reached, header: string): Promise<string> {
  try {
    const { reason } = await clientOf(VerifierService, http, '').verify({ header });
    return Object.entries(Reason).find(([, number]) => number === reason)?.[0] ?? '';
  } catch (error) {
    return Code[ConnectError.from(error).code] ?? '';
  }
}

/** The keys that a server has, and whom the first waits for. */
export async function keysOf({ manager, adminToken }: Reached) {
  const { status } = await clientOf(KeyService, manager, adminToken).getKeys({});
  return {
    reads: status?.keys.map(({ id }) => id) ?? [],
    writes: status?.keys.find(({ writes }) => writes)?.id ?? '',
    waitsFor: status?.waitsFor ?? [],
    problem: status?.problem ?? '',
  };
}

/** Has a server make a new key. */
export async function rotate({ manager, adminToken }: Reached): Promise<void> {
  await clientOf(KeyService, manager, adminToken).rotateKeys({});
}

/** Load on servers that share a store. */
export interface Load {
  /** Ends it; resolves to all that went wrong, and how much was asked. */
  end(): Promise<{ wrong: string[]; asked: number }>;
}

/**
 * Asks all servers without a pause: old and new tokens of each kind are good everywhere, a revoked one
 * nowhere. Each round creates, imports, rotates and revokes on one server, and asks the next one.
 */
export async function startLoad(servers: readonly Reached[]): Promise<Load> {
  const wrong: string[] = [];
  let asked = 0;
  let ended = false;
  const expectAt = async (server: Reached, what: string, header: string, reason: string) => {
    asked += 1;
    const got = await verdictOf(server, header);
    if (got !== reason) wrong.push(`${what}: ${got} instead of ${reason}`);
  };
  const made = await makeTokens(servers[0] as Reached, 'old');
  const readers = servers.map(async (server, n) => {
    while (!ended) {
      for (const [what, header] of Object.entries(made)) {
        await expectAt(
          server,
          `${what} at ${n}`,
          header,
          what.startsWith('revoked') ? 'REVOKED' : 'NONE',
        );
      }
    }
  });
  const writers = servers.map(async (server, n) => {
    const next = servers[(n + 1) % servers.length] as Reached;
    for (let round = 0; !ended; round++) {
      try {
        const fresh = await makeTokens(server, `new ${n} ${round}`);
        for (const [what, header] of Object.entries(fresh)) {
          const reason = what.startsWith('revoked') ? 'REVOKED' : 'NONE';
          // The forms of imported tokens reach other servers with the next invalidation.
          if (what === 'imported') await untilKnown(next, header);
          await expectAt(next, `${what} of ${n}`, header, reason);
        }
      } catch (error) {
        wrong.push(`round ${round} at ${n}: ${ConnectError.from(error).message}`);
      }
    }
  });
  return {
    async end() {
      ended = true;
      await Promise.all([...readers, ...writers]);
      return { wrong, asked };
    },
  };
}

async function untilKnown(server: Reached, header: string): Promise<void> {
  for (let n = 0; n < 50 && (await verdictOf(server, header)) === 'INVALID_TOKEN'; n++);
}

/** One access token of each kind, and a revoked one; header by what it is. */
export async function makeTokens(server: Reached, name: string): Promise<Record<string, string>> {
  const admin = adminOf(server);
  const { token: staticToken } = await admin.create({ kind: Kind.STATIC, name });
  const jwt = await admin.create({ kind: Kind.JWT, name });
  const gone = await admin.create({ kind: Kind.STATIC, name });
  await admin.revoke({ id: gone.accessToken?.id ?? '', reason: 'rotation' });
  const value = `sk_live_${randomBytes(16).toString('hex')}`;
  await admin.import({ items: [{ name, secret: { case: 'token', value } }] });
  const kid = jwt.accessToken?.id ?? '';
  await admin.revokeJwts({ id: kid, target: { case: 'jti', value: 'other' } });
  return {
    static: staticToken,
    jwt: jwtOf(kid, jwt.secret),
    imported: value,
    revoked: gone.token,
  };
}
