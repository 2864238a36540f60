/**
 * Sign-in by an OpenID provider: the authorization code flow (OpenID Connect Core 1.0 section 3.1) with PKCE
 * (RFC 7636), state and nonce.
 */

import {
  AuthorizationResponseError,
  allowInsecureRequests,
  authorizationCodeGrant,
  buildAuthorizationUrl,
  buildEndSessionUrl,
  type ClientAuth,
  ClientError,
  ClientSecretBasic,
  ClientSecretPost,
  type Configuration,
  calculatePKCECodeChallenge,
  clockTolerance,
  customFetch,
  discovery,
  enableNonRepudiationChecks,
  fetchUserInfo,
  None,
  ResponseBodyError,
  randomNonce,
  randomPKCECodeVerifier,
  randomState,
} from 'openid-client';
import type { OutboundFetch } from '../outbound/outbound.ts';
import type { JsonObject } from '../store/record.ts';

/** How the provider is reached, and what it knows Usher as. */
export interface ProviderOptions {
  /** Issuer identifier: the address below which its `.well-known/openid-configuration` is. */
  issuer: string;
  clientId: string;
  /** Absent for a public client. */
  clientSecret?: string | undefined;
  /** Separated by spaces; `openid` is among them. */
  scope: string;
  /** How far the clocks may differ, in seconds. */
  clockSkewSeconds: number;
  /** Where the provider leads the browser after a sign-in. */
  redirectUri: string;
  /** Where it leads the browser after a sign-out. */
  signedOutUri: string;
  /** Names of claims that are needed: those that are not in the ID token are asked for. */
  claims: readonly string[];
  outboundFetch: OutboundFetch;
  /** Milliseconds since 1970. */
  now(): number;
}

/** Why a sign-in by the provider failed. */
export type ProviderProblem =
  /** It cannot be reached, is too slow, or its answer is none. */
  | 'unreachable'
  /** The person, or the provider, declined. */
  | 'declined'
  /** The answer is not for the sign-in that this browser began. */
  | 'state'
  /** The code was used before, or is too old. */
  | 'code'
  /** The clock of the provider and of this server differ. */
  | 'clock'
  /** It is set up differently than Usher, such as with another client secret. */
  | 'setup'
  /** What it says of the person does not hold: signature, issuer, nonce and such. */
  | 'answer';

/** A sign-in that failed. The message is for the operator's log; it holds no code, token or claim. */
export class ProviderError extends Error {
  override readonly name = 'ProviderError';
  readonly problem: ProviderProblem;
  constructor(problem: ProviderProblem, message: string, cause?: unknown) {
    super(message, { cause });
    this.problem = problem;
  }
}

/** What a sign-in needs at its end: only the browser that began it may know it. */
export interface Begun {
  state: string;
  nonce: string;
  verifier: string;
}

/** Whom the provider has signed in. */
export interface SignedInPerson {
  issuer: string;
  subject: string;
  /** All that it says of them. */
  claims: JsonObject;
  /** With which it ends its own session, too. */
  idToken: string;
}

/** The provider. All functions throw ProviderError. */
export interface Provider {
  /** Begins a sign-in: where the browser goes. */
  begin(): Promise<{ url: string; begun: Begun }>;
  /** Ends it, with the parameters with which the provider has led the browser back. */
  finish(parameters: URLSearchParams, begun: Begun): Promise<SignedInPerson>;
  /** Where the browser ends the provider's session; undefined where it has no such place. */
  signOutUrl(idToken: string | undefined): Promise<string | undefined>;
}

/** How long what the provider publishes about itself is used, in milliseconds. */
const discoveryMs = 3_600_000;

/** Creates it. The provider is not asked before the first sign-in, so that Usher starts without it. */
export function createProvider(options: ProviderOptions): Provider {
  const { redirectUri, scope, now } = options;
  let known: { configuration: Promise<Configuration>; until: number } | undefined;
  const configuration = (): Promise<Configuration> => {
    if (known !== undefined && now() < known.until) return known.configuration;
    const found = discover(options);
    known = { configuration: found, until: now() + discoveryMs };
    // The next sign-in asks again.
    found.catch(() => {
      if (known?.configuration === found) known = undefined;
    });
    return found;
  };
  return {
    begin: () =>
      explained(async () => {
        const config = await configuration();
        const begun = {
          state: randomState(),
          nonce: randomNonce(),
          verifier: randomPKCECodeVerifier(),
        };
        const url = buildAuthorizationUrl(config, {
          redirect_uri: redirectUri,
          ...{ scope, state: begun.state, nonce: begun.nonce },
          code_challenge: await calculatePKCECodeChallenge(begun.verifier),
          code_challenge_method: 'S256',
        });
        return { url: url.href, begun };
      }),

    finish: (parameters, { state, nonce, verifier }) =>
      explained(async () => {
        const config = await configuration();
        const answered = new URL(redirectUri);
        answered.search = parameters.toString();
        const tokens = await authorizationCodeGrant(config, answered, {
          ...{ expectedState: state, expectedNonce: nonce, pkceCodeVerifier: verifier },
          idTokenExpected: true,
        });
        const idClaims = tokens.claims();
        if (idClaims === undefined) throw new ProviderError('answer', 'there is no ID token');
        const { iss: issuer, sub: subject } = idClaims;
        const isEnough = options.claims.every(name => Object.hasOwn(idClaims, name));
        const more =
          isEnough || config.serverMetadata().userinfo_endpoint === undefined
            ? {}
            : await fetchUserInfo(config, tokens.access_token, subject);
        const claims = { ...more, ...idClaims } as JsonObject;
        return { issuer, subject, claims, idToken: tokens.id_token ?? '' };
      }),

    signOutUrl: idToken =>
      explained(async () => {
        const config = await configuration();
        if (config.serverMetadata().end_session_endpoint === undefined) return undefined;
        const url = buildEndSessionUrl(config, {
          post_logout_redirect_uri: options.signedOutUri,
          ...(idToken !== undefined && { id_token_hint: idToken }),
        });
        return url.href;
      }),
  };
}

function discover(options: ProviderOptions): Promise<Configuration> {
  const { issuer, clientId, clientSecret, clockSkewSeconds, outboundFetch } = options;
  const client = { [clockTolerance]: clockSkewSeconds };
  const authentication = clientSecret === undefined ? None() : bySecret(clientSecret);
  return discovery(new URL(issuer), clientId, client, authentication, {
    [customFetch]: (url, { body, method, headers, signal }) =>
      outboundFetch(url, {
        ...{ method, headers, signal: signal ?? null },
        ...(body && { body: body as OutboundBody }),
      }),
    // Which addresses may be asked over plain http is decided by what the requests are made with.
    execute: [
      // The signature is checked too, although the ID token comes straight from the provider.
      enableNonRepudiationChecks,
      ...(issuer.startsWith('http://') ? [allowInsecureRequests] : []),
    ],
  });
}

type OutboundBody = RequestInit['body'] & {};

/** Sends the secret in the header, or in the body where the provider takes it there alone. */
function bySecret(secret: string): ClientAuth {
  return (server, client, body, headers) => {
    const { token_endpoint_auth_methods_supported: ways = ['client_secret_basic'] } = server;
    const isPosted = !ways.includes('client_secret_basic') && ways.includes('client_secret_post');
    const authentication = isPosted ? ClientSecretPost(secret) : ClientSecretBasic(secret);
    return authentication(server, client, body, headers);
  };
}

/** Turns what openid-client throws into words that say what to do, and hold nothing of the answer. */
async function explained<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw error instanceof ProviderError ? error : problemOf(error);
  }
}

function problemOf(error: unknown): ProviderError {
  if (error instanceof AuthorizationResponseError) {
    const problem = error.error === 'access_denied' ? 'declined' : 'setup';
    return new ProviderError(problem, `the provider answers ${word(error.error)}`);
  }
  if (error instanceof ResponseBodyError) {
    const problem = error.error === 'invalid_grant' ? 'code' : 'setup';
    return new ProviderError(problem, `the provider refuses the code: ${word(error.error)}`);
  }
  const causes = causesOf(error);
  const outbound = causes.find(cause => cause.name === 'OutboundError');
  if (outbound !== undefined) return new ProviderError('unreachable', outbound.message);
  const code = error instanceof ClientError ? (error.code ?? '') : '';
  if (code === 'OAUTH_JWT_TIMESTAMP_CHECK_FAILED') {
    return new ProviderError('clock', 'the ID token is not valid at this time: compare the clocks');
  }
  const isOfState = causes.some(({ message }) =>
    /"state"|"iss" \(issuer\)|response parameter/.test(message),
  );
  if (isOfState && code === 'OAUTH_INVALID_RESPONSE') {
    return new ProviderError('state', 'the answer is not for the sign-in that was begun');
  }
  if (/NOT_CONFORM|NOT_JSON|PARSE_ERROR|TIMEOUT|ABORT/.test(code)) {
    return new ProviderError('unreachable', `the provider does not answer as one (${code})`);
  }
  return new ProviderError('answer', `the provider's answer does not hold (${code || 'no code'})`);
}

/** An error code of OAuth, whose characters RFC 6749 names; nothing else of an answer gets into a log. */
function word(error: string): string {
  return /^[a-z_]{1,64}$/.test(error) ? error : 'with an unknown error';
}

function causesOf(error: unknown): Error[] {
  const causes: Error[] = [];
  for (let each = error; each instanceof Error && causes.length < 8; each = each.cause) {
    causes.push(each);
  }
  return causes;
}
