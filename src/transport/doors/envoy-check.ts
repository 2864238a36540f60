/** Envoy's ext_authz over gRPC: the Check rpc. */

import { create, type JsonObject } from '@bufbuild/protobuf';
import { attached } from '../../caching/attached.ts';
import type { HeaderValueOption } from '../../gen/envoy/config/core/v3/base_pb.ts';
import {
  HeaderValueOption_HeaderAppendAction as AppendAction,
  HeaderValueOptionSchema,
  HeaderValueSchema,
} from '../../gen/envoy/config/core/v3/base_pb.ts';
import type { AttributeContext } from '../../gen/envoy/service/auth/v3/attribute_context_pb.ts';
import {
  type Authorization,
  type CheckRequest,
  type CheckResponse,
  CheckResponseSchema,
  DeniedHttpResponseSchema,
  OkHttpResponseSchema,
} from '../../gen/envoy/service/auth/v3/external_auth_pb.ts';
import { HttpStatusSchema } from '../../gen/envoy/type/v3/http_status_pb.ts';
import { StatusSchema } from '../../gen/google/rpc/status_pb.ts';
import { hint } from '../../reading/nearest.ts';
import { mapAwaitable } from '../../store/awaitable.ts';
import { plainAddress } from '../../tokens/source.ts';
import type { NotLetIn, VerifyCaller } from '../../tokens/verify-callers.ts';
import type { Denied, Granted, Identity, ReasonEntry, Verdict } from '../../verify/verdict.ts';
import { reasons, textOf } from '../../verify/verdict.ts';
import { cacheEncoded } from '../codec/encoded-cache.ts';
import { retryAfterOf } from '../http/answer.ts';
import { rateLimitFields } from '../http/rate-limit-fields.ts';
import { challengeOf } from '../http/www-authenticate.ts';
import type { Admit } from '../rpc/admission.ts';
import { joinAuthorization } from '../rpc/authorization.ts';
import type { DoorVerify } from '../rpc/call.ts';
import { originOf, type Trusts } from '../rpc/client-address.ts';
import type { Handlers } from '../rpc/handlers.ts';
import type { MarksIn } from '../rpc/observed.ts';
import { requestIdOf } from '../rpc/request-id.ts';
import { codes } from '../rpc/rpc-error.ts';
import { unknownGatewayText } from './gateway-door.ts';
import { identityHeaders } from './identity-headers.ts';
import {
  type CredentialUse,
  credentialOf,
  type Requirements,
  requirementsOf,
} from './requirements.ts';

/** What the Check rpc needs. */
export interface EnvoyCheckDeps {
  verify: DoorVerify;
  /** Whether an address belongs to a trusted proxy. */
  trusts: Trusts;
  /** Lets gateways ask, by the metadata of their own calls: the client wrote the headers in the request. */
  admit: Admit;
}

/** The handler of envoy.service.auth.v3.Authorization; requirements are in context extensions. */
export function envoyCheckHandlers({
  verify,
  trusts,
  admit,
}: EnvoyCheckDeps): Handlers<typeof Authorization> {
  const keep = createGrants(true);
  const remove = createGrants(false);
  /** Cached by extensions: those of a route are the same object in most of its requests. */
  const known = new WeakMap<Extensions, Asked | string>();
  const ask = (attributes: AttributeContext | undefined, caller: VerifyCaller | NotLetIn) => {
    if ('code' in caller) return unknownGateway();
    const extensions = attributes?.contextExtensions ?? noExtensions;
    let asked = known.get(extensions);
    if (asked === undefined) {
      asked = askedIn(extensions);
      known.set(extensions, asked);
    }
    if (typeof asked === 'string') return misconfigured(asked);
    const { audience, requiredScopes, isKept } = asked;
    // Unavailable fails the call, so that Envoy's `failure_mode_allow` decides.
    const header = authorizationOf(attributes);
    const source = sourceOf(attributes, trusts);
    const question = { header, audience, requiredScopes, source };
    return mapAwaitable(verify(question, 'envoy-grpc', caller), verdict => {
      if (!verdict.valid) return denied(verdict, header, requiredScopes);
      const response = isKept ? keep(verdict.identity) : remove(verdict.identity);
      return verdict.limitUses === undefined ? response : withLimits(response, verdict);
    });
  };
  return {
    check: ({ attributes }, call) =>
      mapAwaitable(admit(call, 'Authorization.check'), caller => ask(attributes, caller)),
  };
}

/**
 * What finds the request that Envoy asks about, for calls whose own metadata does not say it: Envoy names
 * headers in lower case.
 */
export const marksOfChecked: MarksIn = message => {
  const { attributes } = message as CheckRequest;
  const http = attributes?.request?.http;
  const listed = http?.headerMap?.headers ?? [];
  const sent = (name: string) =>
    http?.headers[name] ?? listed.find(({ key }) => key === name)?.value;
  return {
    traceparent: sent('traceparent'),
    tracestate: sent('tracestate'),
    requestId: requestIdOf(sent('x-request-id')),
  };
};

type Extensions = AttributeContext['contextExtensions'];
const noExtensions: Extensions = {};

/** What a route's extensions ask for. */
type Asked = Requirements & CredentialUse;

/** What they ask for, or what is wrong with them. */
function askedIn(asked: Extensions): Asked | string {
  const credential = credentialOf(asked.credential);
  const requirements = requirementsOf({
    audiences: [asked.audience ?? ''],
    scopes: [asked.scopes ?? ''],
  });
  const fault = unknownExtension(asked) ?? credential.fault;
  if (fault !== undefined) return fault;
  return typeof requirements === 'string' ? requirements : { ...requirements, ...credential };
}

/** The context extensions that Usher reads. */
const extensions = ['scopes', 'audience', 'credential'];

/** What is wrong with the names: the extensions of a route are written for this service alone. */
function unknownExtension(asked: Readonly<Record<string, string>>): string | undefined {
  for (const name of Object.keys(asked)) {
    if (extensions.includes(name)) continue;
    return `context extension ${JSON.stringify(name)} is not known${hint(name, extensions)}`;
  }
  return undefined;
}

function authorizationOf(attributes: AttributeContext | undefined): string {
  return joinAuthorization(valuesOf(attributes, 'authorization'));
}

/**
 * The address from which the token was used: that of Envoy's own peer or, if that is a trusted proxy,
 * whom it names; "" when it is not known.
 */
function sourceOf(attributes: AttributeContext | undefined, trusts: Trusts): string {
  const address = attributes?.source?.address?.address;
  if (address?.case !== 'socketAddress') return '';
  const peer = address.value.address;
  if (!trusts(peer)) return plainAddress(peer);
  return originOf(peer, valuesOf(attributes, 'x-forwarded-for').join(','), trusts).address;
}

/** A header's values in each form that Envoy sends: a map, or a list with raw values. */
function valuesOf(attributes: AttributeContext | undefined, name: string): string[] {
  const http = attributes?.request?.http;
  if (!http) return [];
  const isName = (key: string) => key.length === name.length && key.toLowerCase() === name;
  const values: string[] = [];
  for (const key in http.headers) {
    if (isName(key)) values.push(http.headers[key] ?? '');
  }
  for (const { key, value, rawValue } of http.headerMap?.headers ?? []) {
    if (!isName(key)) continue;
    values.push(rawValue.length > 0 ? Buffer.from(rawValue).toString('latin1') : value);
  }
  return values;
}

/** Responses for valid tokens, cached by identity: the same object while nothing has changed. */
function createGrants(keepCredential: boolean): (identity: Identity) => CheckResponse {
  const known = attached<Identity, CheckResponse>();
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
    // The client must not be able to set a header of this name.
    if (value === '') ok.headersToRemove.push(name);
    else ok.headers.push(headerOption(name, value));
  }
  if (!keepCredential) ok.headersToRemove.push('authorization');
  const response = create(CheckResponseSchema);
  // An absent status would mean OK too; this one is explicit.
  response.status = create(StatusSchema);
  response.httpResponse = { case: 'okResponse', value: ok };
  response.dynamicMetadata = { valid: true, ...metadataOf(identity) };
  return response;
}

/** The same response, with what is left of the token's limits for the client. */
function withLimits(response: CheckResponse, verdict: Granted): CheckResponse {
  const { httpResponse } = response;
  if (httpResponse.case !== 'okResponse') return response;
  // Copies: the response itself serves many requests.
  const value = { ...httpResponse.value, responseHeadersToAdd: limitOptions(verdict) };
  return { ...response, httpResponse: { case: 'okResponse', value } };
}

function limitOptions(verdict: Pick<Verdict, 'limitUses'>): HeaderValueOption[] {
  return Object.entries(rateLimitFields(verdict)).map(([name, value]) =>
    headerOption(name.toLowerCase(), value),
  );
}

function denied(verdict: Denied, header: string, scopes: readonly string[]): CheckResponse {
  const { reason, identity } = verdict;
  const challenge = challengeOf({ ...verdict, header, scopes });
  const retryAfter = retryAfterOf(verdict)['Retry-After'];
  const response = refusal(reasons[reason].http, textOf(verdict), [
    ...(challenge === undefined ? [] : [headerOption('www-authenticate', challenge)]),
    ...(retryAfter === undefined ? [] : [headerOption('retry-after', String(retryAfter))]),
    ...limitOptions(verdict),
  ]);
  response.dynamicMetadata = { valid: false, reason, ...(identity ? metadataOf(identity) : {}) };
  return response;
}

/** A refusal and no error, as below. */
function unknownGateway(): CheckResponse {
  return refusal(403, unknownGatewayText, []);
}

/** A refusal and no error: Envoy configured to fail open would let the request pass. */
function misconfigured(fault: string): CheckResponse {
  return refusal(403, `the gateway's configuration is wrong: ${fault}`, []);
}

function refusal(
  http: ReasonEntry['http'],
  text: string,
  headers: readonly HeaderValueOption[],
): CheckResponse {
  const value = create(DeniedHttpResponseSchema, { body: JSON.stringify({ error: text }) });
  value.status = create(HttpStatusSchema, { code: http });
  value.headers = [
    headerOption('content-type', 'application/json'),
    headerOption('cache-control', 'no-store'),
    ...headers,
  ];
  const response = create(CheckResponseSchema);
  // Envoy lets the request pass if the code is 0 or absent, whatever the HTTP response says.
  const code = statusCodes[http];
  response.status = create(StatusSchema, { code, message: text });
  response.httpResponse = { case: 'deniedResponse', value };
  return response;
}

const statusCodes: Record<ReasonEntry['http'], number> = {
  401: codes.UNAUTHENTICATED,
  403: codes.PERMISSION_DENIED,
  429: codes.RESOURCE_EXHAUSTED,
  500: codes.PERMISSION_DENIED,
};

/** A header that replaces others of its name, in the fields of old and new Envoy releases. */
function headerOption(key: string, value: string): HeaderValueOption {
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
