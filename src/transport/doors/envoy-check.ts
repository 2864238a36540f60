/** Envoy's ext_authz over gRPC: the Check rpc. */

import { create, type JsonObject } from '@bufbuild/protobuf';
import type { HeaderValueOption } from '../../gen/envoy/config/core/v3/base_pb.ts';
import {
  HeaderValueOption_HeaderAppendAction as AppendAction,
  HeaderValueOptionSchema,
  HeaderValueSchema,
} from '../../gen/envoy/config/core/v3/base_pb.ts';
import type { AttributeContext } from '../../gen/envoy/service/auth/v3/attribute_context_pb.ts';
import {
  type Authorization,
  type CheckResponse,
  CheckResponseSchema,
  DeniedHttpResponseSchema,
  OkHttpResponseSchema,
} from '../../gen/envoy/service/auth/v3/external_auth_pb.ts';
import { HttpStatusSchema } from '../../gen/envoy/type/v3/http_status_pb.ts';
import { StatusSchema } from '../../gen/google/rpc/status_pb.ts';
import { mapAwaitable } from '../../store/awaitable.ts';
import type { Denied, Identity, ReasonEntry } from '../../verify/verdict.ts';
import { reasons } from '../../verify/verdict.ts';
import { cacheEncoded } from '../codec/encoded-cache.ts';
import type { DoorVerify } from '../rpc/call.ts';
import type { Handlers } from '../rpc/handlers.ts';
import { codes } from '../rpc/rpc-error.ts';
import { identityHeaders } from './identity-headers.ts';
import { requirementsOf } from './requirements.ts';
import { challengeOf } from './www-authenticate.ts';

/** What the Check rpc needs. */
export interface EnvoyCheckDeps {
  verify: DoorVerify;
}

/** The handlers of envoy.service.auth.v3.Authorization. */
export function envoyCheckHandlers({ verify }: EnvoyCheckDeps): Handlers<typeof Authorization> {
  const grants = { keep: createGrants(true), remove: createGrants(false) };
  return {
    check({ attributes }) {
      const asked = attributes?.contextExtensions ?? {};
      const requirements = requirementsOf({
        audiences: [asked.audience ?? ''],
        scopes: [asked.scopes ?? ''],
      });
      if (typeof requirements === 'string') return misconfigured(requirements);
      // Unavailable goes on up, and fails the call: a refusal would take the choice from Envoy.
      const question = { header: authorizationOf(attributes), ...requirements };
      return mapAwaitable(verify(question, 'envoy-grpc'), verdict => {
        if (!verdict.valid) return denied(verdict, requirements.requiredScopes);
        const keeps = (asked.credential ?? 'keep') === 'keep';
        return grants[keeps ? 'keep' : 'remove'](verdict.identity);
      });
    },
  };
}

/** The Authorization header in either form that Envoy sends; several are joined, and so refused. */
function authorizationOf(attributes: AttributeContext | undefined): string {
  const http = attributes?.request?.http;
  if (!http) return '';
  const values: string[] = [];
  const { authorization } = http.headers;
  if (authorization !== undefined) values.push(authorization);
  for (const { key, value, rawValue } of http.headerMap?.headers ?? []) {
    if (key.toLowerCase() !== 'authorization') continue;
    values.push(rawValue.length > 0 ? Buffer.from(rawValue).toString('latin1') : value);
  }
  return values.join(', ');
}

/** Answers for good tokens: the verifier gives the same identity while nothing has changed. */
function createGrants(keepCredential: boolean): (identity: Identity) => CheckResponse {
  const known = new WeakMap<Identity, CheckResponse>();
  return identity => {
    let response = known.get(identity);
    if (response === undefined) {
      response = granted(identity, keepCredential);
      known.set(identity, response);
      cacheEncoded(response);
    }
    return response;
  };
}

function granted(identity: Identity, keepCredential: boolean): CheckResponse {
  const ok = create(OkHttpResponseSchema);
  for (const [name, value] of identityHeaders(identity)) {
    // What the client sent under this name must not survive.
    if (value === '') ok.headersToRemove.push(name);
    else ok.headers.push(header(name, value));
  }
  if (!keepCredential) ok.headersToRemove.push('authorization');
  const response = create(CheckResponseSchema);
  // No status would mean the same; this one says so.
  response.status = create(StatusSchema);
  response.httpResponse = { case: 'okResponse', value: ok };
  response.dynamicMetadata = { valid: true, ...metadataOf(identity) };
  return response;
}

function denied({ reason, identity }: Denied, scopes: readonly string[]): CheckResponse {
  const { http, text } = reasons[reason];
  const challenge = challengeOf(reason, scopes);
  const response = refusal(http, text, challenge === undefined ? [] : [challenge]);
  response.dynamicMetadata = { valid: false, reason, ...(identity ? metadataOf(identity) : {}) };
  return response;
}

/** Refused, not failed: where errors pass, a mistake in the configuration must not open a door. */
function misconfigured(fault: string): CheckResponse {
  return refusal(403, `the gateway's configuration is wrong: ${fault}`, []);
}

function refusal(
  http: ReasonEntry['http'],
  text: string,
  challenges: readonly string[],
): CheckResponse {
  const value = create(DeniedHttpResponseSchema, { body: JSON.stringify({ error: text }) });
  value.status = create(HttpStatusSchema, { code: http });
  value.headers = [
    header('content-type', 'application/json'),
    header('cache-control', 'no-store'),
    ...challenges.map(challenge => header('www-authenticate', challenge)),
  ];
  const response = create(CheckResponseSchema);
  // Code 0, or none, would let the request pass, whatever the rest says.
  const code = http === 401 ? codes.UNAUTHENTICATED : codes.PERMISSION_DENIED;
  response.status = create(StatusSchema, { code, message: text });
  response.httpResponse = { case: 'deniedResponse', value };
  return response;
}

/** A header that replaces every other of its name, in the words of old and new releases of Envoy. */
function header(key: string, value: string): HeaderValueOption {
  const option = create(HeaderValueOptionSchema);
  option.header = create(HeaderValueSchema);
  option.header.key = key;
  option.header.value = value;
  option.append = false;
  option.appendAction = AppendAction.OVERWRITE_IF_EXISTS_OR_ADD;
  return option;
}

function metadataOf({ tokenId, kind, owner, subject, scopes, revision }: Identity): JsonObject {
  return { token_id: tokenId, kind, owner, subject, scopes: [...scopes], revision };
}
