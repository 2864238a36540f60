/** Prints access tokens. */

import type { AccessToken } from '../api/access-token.ts';
import type { Revealed } from '../api/access-tokens.ts';
import { durationText } from './option-values.ts';
import type { Terminal } from './terminal.ts';
import { outJson, outTable, outValues } from './terminal.ts';
import { quotaText, rateLimitText, textOfUse } from './use-limits.ts';

/** Prints a new or rotated access token with its token or secret. */
export function outRevealed(terminal: Terminal, made: Revealed, json?: boolean): void {
  const { accessToken, token, secret } = made;
  const { id, kind } = accessToken;
  if (json) {
    outJson(terminal, { id, kind, ...(token && { token }), ...(secret && { secret }) });
    return;
  }
  if (token === undefined && secret === undefined) {
    outToken(terminal, accessToken);
    terminal.note(
      'this request was already carried out, and its token or secret is shown only once: ' +
        `issue a new one with \`usher token rotate ${id}\``,
    );
    return;
  }
  outValues(terminal, [
    [kind === 'jwt' ? 'kid' : 'id', id],
    ['name', accessToken.name],
    ['token', token],
    ['secret', secret],
    ['expires', accessToken.expireTime],
    ['previous one valid until', accessToken.previousSecretExpireTime],
  ]);
  terminal.note(
    token === undefined
      ? 'Keep the secret now: it is stored encrypted and never shown again.'
      : 'Keep the token now: only its hash is stored, and it is never shown again.',
  );
}

/** Prints an access token. */
export function outToken(terminal: Terminal, token: AccessToken, json?: boolean): void {
  if (json) {
    outJson(terminal, token);
    return;
  }
  const { jwtLifetimeMaxSeconds: lifetime, metadata, revokedJwts } = token;
  outValues(terminal, [
    [token.kind === 'jwt' ? 'id, kid' : 'id', token.id],
    ['kind', token.kind],
    ['state', token.state],
    ['name', token.name],
    ['owner', token.owner],
    ['scopes', token.scopes.join(' ')],
    ['grantable scopes', token.grantableScopes?.join(' ')],
    ['metadata', metadata && JSON.stringify(metadata)],
    ['audiences', token.audiences?.join(' ')],
    ['longest JWT lifetime', lifetime === undefined ? undefined : durationText(lifetime)],
    ['allowed from', token.allowedSources?.join(' ')],
    ['rate limit', token.rateLimit && rateLimitText(token.rateLimit)],
    ['of the rate limit', textOfUse(token.rateLimitUse)],
    ['quota', token.quota && quotaText(token.quota)],
    ['of the quota', textOfUse(token.quotaUse)],
    ['created', token.createTime],
    ['made by', actorText(token.createdBy, token.createdByName)],
    ['changed', token.updateTime],
    ['changed by', actorText(token.changedBy, token.changedByName)],
    ['rotated', token.rotateTime],
    ['previous one valid until', token.previousSecretExpireTime],
    ['expires', token.expireTime],
    ['revoked', token.revokeTime],
    ['reason', token.revokeReason],
    ['last used', token.lastUsedTime],
    ['last used from', token.lastUsedAddress],
    ['JWTs revoked if issued before', token.jwtsRevokedBeforeTime],
    ['JWTs revoked by jti or subject', revokedJwts === undefined ? undefined : String(revokedJwts)],
    ['imported', token.imported],
    ['revision', String(token.revision)],
  ]);
}

/** An actor by its name, where it has one, and its id. */
function actorText(actor: string | undefined, name: string | undefined): string | undefined {
  return name === undefined || name === actor ? actor : `${name} (${actor})`;
}

/** Prints a list of access tokens. */
export function outTokens(terminal: Terminal, tokens: AccessToken[]): void {
  const { colors } = terminal;
  if (tokens.length === 0) {
    terminal.note('no access tokens found');
    return;
  }
  const paint = { active: colors.green, expired: colors.yellow, revoked: colors.red };
  const head = ['ID', 'KIND', 'STATE', 'NAME', 'OWNER', 'SCOPES', 'EXPIRES', 'LAST USED'];
  const rows = tokens.map(token => [
    token.id,
    token.kind,
    token.state,
    token.name,
    token.owner ?? '-',
    token.scopes.join(' ') || '-',
    token.expireTime ?? 'never',
    token.lastUsedTime ?? 'never',
  ]);
  outTable(terminal, head, rows, (text, column, row) => {
    const state = column === 2 ? tokens[row]?.state : undefined;
    return state ? paint[state](text) : text;
  });
}
