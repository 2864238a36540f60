/** A real OpenID provider on loopback, whose people and faults the test sets. */

import { generateKeyPairSync } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { decodeJwt, importJWK, type JWK, SignJWT } from 'jose';
import Provider from 'oidc-provider';
import { onTestFinished } from 'vitest';

/** What a test sets. */
export interface ProviderKnobs {
  /** Who is at the browser: the `sub` of their account. */
  account: string;
  /** The claims of the accounts by `sub`. */
  accounts: Record<string, Record<string, unknown>>;
  /** Changes the claims of ID tokens before they are signed. */
  alter?: (claims: Record<string, unknown>) => Record<string, unknown>;
  /** Signs ID tokens with a key that the provider does not publish. */
  signsWithOtherKey?: boolean;
  /** Answers nothing: the connection stays open. */
  isHanging?: boolean;
  /** Answers each request with 500. */
  isBroken?: boolean;
  /** The person at the browser declines. */
  declines?: boolean;
}

/** A running provider. */
export interface TestProvider {
  issuer: string;
  knobs: ProviderKnobs;
  /** The settings with which Usher signs people in by it. */
  env(roles: string, managerUrl: string): Record<string, string>;
  /** Paths that were asked for. */
  asked: string[];
  close(): Promise<void>;
}

const client = { id: 'usher', secret: 'a secret of the provider' } as const;

/** Starts it; it ends with the test, or by `close`. `managerUrls` are where it may lead browsers back. */
export async function startProvider(
  managerUrls: readonly string[],
  endLater: (close: () => Promise<void>) => void = onTestFinished,
): Promise<TestProvider> {
  const keys = [newKey('k1'), newKey('k2')] as const;
  const knobs: ProviderKnobs = { account: 'ann', accounts: {} };
  const asked: string[] = [];
  const server = createServer();
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const issuer = `http://127.0.0.1:${port}`;
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: client.id,
        client_secret: client.secret.replaceAll(' ', '-'),
        redirect_uris: managerUrls.map(url => `${url}/sign-in/callback`),
        post_logout_redirect_uris: managerUrls.map(url => `${url}/`),
      },
    ],
    jwks: { keys: [keys[0]] },
    cookies: { keys: ['a key of cookies'] },
    claims: { openid: ['sub'], profile: ['name', 'groups'], email: ['email', 'email_verified'] },
    pkce: { required: () => true },
    features: { devInteractions: { enabled: false }, rpInitiatedLogout: { enabled: true } },
    ttl: { Interaction: 600, Session: 600, Grant: 600, IdToken: 600, AccessToken: 600 },
    interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
    findAccount: (_, sub) => ({
      accountId: sub,
      claims: () => ({ ...knobs.accounts[sub], sub }),
    }),
    async loadExistingGrant(context) {
      const grant = new context.oidc.provider.Grant({
        clientId: client.id,
        accountId: context.oidc.session?.accountId ?? '',
      });
      grant.addOIDCScope('openid profile email');
      await grant.save();
      return grant;
    },
  });
  provider.proxy = false;
  const answer = provider.callback();
  server.on('request', (req, res) => {
    const path = (req.url ?? '').split('?')[0] ?? '';
    asked.push(path);
    if (knobs.isHanging) return;
    if (knobs.isBroken) res.writeHead(500).end('<h1>broken</h1>');
    else if (path.startsWith('/interaction/')) void signIn(provider, knobs, req, res);
    else {
      if (path === '/token') alterTokens(res, knobs, keys);
      void answer(req, res);
    }
  });
  const close = async () => {
    server.closeAllConnections();
    await new Promise(resolve => server.close(resolve));
  };
  endLater(close);
  return {
    issuer,
    knobs,
    asked,
    close,
    env: (roles, managerUrl) => ({
      USHER_OIDC_ISSUER: issuer,
      USHER_OIDC_CLIENT_ID: client.id,
      USHER_OIDC_CLIENT_SECRET: client.secret.replaceAll(' ', '-'),
      USHER_OIDC_ROLES: roles,
      USHER_OUTBOUND_ALLOW: '127.0.0.0/8',
      USHER_MANAGER_URL: managerUrl,
    }),
  };
}

function newKey(kid: string): JWK {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return { ...(privateKey.export({ format: 'jwk' }) as JWK), kid, alg: 'RS256', use: 'sig' };
}

async function signIn(
  provider: Provider,
  { account, declines }: ProviderKnobs,
  req: IncomingMessage,
  res: ServerResponse,
): Promise<void> {
  const result = declines
    ? { error: 'access_denied', error_description: 'no' }
    : { login: { accountId: account } };
  await provider.interactionFinished(req, res, result, { mergeWithLastSubmission: false });
}

/** Signs the ID token of an answer again, with other claims or another key. */
function alterTokens(res: ServerResponse, knobs: ProviderKnobs, keys: readonly [JWK, JWK]): void {
  const { end } = res;
  const ended = (async (body: unknown) => {
    const text = Buffer.isBuffer(body) ? body.toString() : String(body ?? '');
    const answer = text.startsWith('{') ? JSON.parse(text) : {};
    if (typeof answer.id_token !== 'string') return end.call(res, text, 'utf8');
    const claims = decodeJwt(answer.id_token);
    const key = knobs.signsWithOtherKey ? keys[1] : keys[0];
    answer.id_token = await new SignJWT(knobs.alter?.(claims) ?? claims)
      .setProtectedHeader({ alg: 'RS256', kid: 'k1' })
      .sign(await importJWK(key, 'RS256'));
    const changed = Buffer.from(JSON.stringify(answer));
    res.setHeader('content-length', changed.length);
    return end.call(res, changed, 'utf8');
  }) as unknown;
  res.end = ended as typeof res.end;
}
