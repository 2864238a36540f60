/** A fake of VerifierService in memory: Verify, IssueJwt, and the verdict for `GET /`. */

import { createHmac, randomUUID } from 'node:crypto';
import { create, type JsonObject } from '@bufbuild/protobuf';
import { timestampMs } from '@bufbuild/protobuf/wkt';
import { Code, ConnectError, type ServiceImpl } from '@connectrpc/connect';
import { Kind } from '../../src/gen/usher/v1/access_token_pb.ts';
import {
  Reason,
  type VerifierService,
  type VerifyResponse,
  VerifyResponseSchema,
} from '../../src/gen/usher/v1/verifier_pb.ts';
import { reasons } from '../../src/verify/verdict.ts';
import { audit, type FakeEntry, type FakeState, use } from './fake-state.ts';

interface Question {
  header: string;
  audience: string;
  requiredScopes: readonly string[];
}

interface Credential {
  entry: FakeEntry;
  claims?: JsonObject;
}

/** The two rpcs that the web app calls. */
export function fakeVerifier(
  state: FakeState,
): Pick<ServiceImpl<typeof VerifierService>, 'verify' | 'issueJwt'> {
  return {
    verify: question => fakeVerdict(state, question),
    issueJwt: request => {
      const entry = state.entries.get(request.tokenId);
      if (entry?.token.kind !== Kind.JWT || entry.token.revokeTime) {
        throw new ConnectError('not a jwt access token', Code.FailedPrecondition);
      }
      const iat = Math.floor(state.now() / 1000);
      const lifetime = request.expiry.case === 'lifetime' ? request.expiry.value.seconds : 0n;
      const jti = randomUUID();
      const exp = iat + Number(lifetime);
      const claims = { ...request.claims, sub: request.subject, jti, iat, exp };
      audit(state, { action: 'jwt.issue', tokenId: entry.token.id });
      const jwt = sign(entry, claims);
      return { jwt, jti, exp: BigInt(exp), iat: BigInt(iat) };
    },
  };
}

function sign(entry: FakeEntry, claims: object): string {
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const text = `${encode({ alg: 'HS256', kid: entry.token.id })}.${encode(claims)}`;
  return `${text}.${mac(entry.secrets[0]?.value ?? '', text)}`;
}

function mac(secret: string, text: string): string {
  return createHmac('sha256', secret).update(text).digest('base64url');
}

/** The verdict on a question; a valid one counts as a use. */
export function fakeVerdict(state: FakeState, question: Question): VerifyResponse {
  const credential = recognise(state, question.header);
  if (typeof credential === 'string') return denied(credential);
  const reason = judge(state, credential, question);
  const { entry, claims } = credential;
  const { token } = entry;
  if (!reason) use(state, entry);
  const known = create(VerifyResponseSchema, {
    tokenId: token.id,
    kind: token.kind,
    owner: token.owner,
    subject: String(claims?.sub ?? ''),
    scopes: token.scopes,
    exp: BigInt(Number(claims?.exp ?? 0)),
    ...(claims && { claims }),
    ...(token.metadata && { metadata: token.metadata }),
    revision: token.revision,
  });
  if (reason) return create(VerifyResponseSchema, { ...known, ...denied(reason) });
  return create(VerifyResponseSchema, { ...known, valid: true, httpStatus: 200 });
}

function denied(reason: keyof typeof reasons): VerifyResponse {
  const { http, text } = reasons[reason];
  return create(VerifyResponseSchema, { reason: Reason[reason], message: text, httpStatus: http });
}

function recognise(state: FakeState, header: string): Credential | keyof typeof reasons {
  if (header === '') return 'MISSING_CREDENTIALS';
  const value = header.replace(/^Bearer /i, '');
  if (/\s/.test(value)) return 'MALFORMED_CREDENTIALS';
  const good = (secret: { goodUntilMs: number }) => secret.goodUntilMs > state.now();
  const [head = '', body = '', signature] = value.split('.');
  if (signature === undefined) {
    for (const entry of state.entries.values()) {
      if (entry.token.kind !== Kind.STATIC) continue;
      if (entry.secrets.some(secret => good(secret) && secret.value === value)) return { entry };
    }
    return 'INVALID_TOKEN';
  }
  const { kid } = decode(head);
  if (kid === undefined) return 'JWT_MISSING_KID';
  const entry = state.entries.get(String(kid));
  const isRight = entry?.secrets.some(
    s => good(s) && mac(s.value, `${head}.${body}`) === signature,
  );
  return entry && isRight ? { entry, claims: decode(body) } : 'INVALID_TOKEN';
}

function decode(part: string): JsonObject {
  return JSON.parse(Buffer.from(part, 'base64url').toString());
}

function judge(
  state: FakeState,
  { entry, claims }: Credential,
  { audience, requiredScopes }: Question,
): keyof typeof reasons | undefined {
  const { token } = entry;
  const nowSeconds = state.now() / 1000;
  if (claims && claims.exp === undefined) return 'JWT_MISSING_EXP';
  const isOver = token.expireTime && timestampMs(token.expireTime) <= state.now();
  if (isOver || (claims && Number(claims.exp) <= nowSeconds)) return 'EXPIRED';
  const isRevoked =
    token.revokeTime || (claims?.jti !== undefined && entry.revokedIds.has(String(claims.jti)));
  if (isRevoked) return 'REVOKED';
  if (claims && audience !== '' && claims.aud !== audience) return 'WRONG_AUDIENCE';
  const lacks = requiredScopes.some(scope => !token.scopes.includes(scope));
  return lacks ? 'INSUFFICIENT_SCOPE' : undefined;
}
