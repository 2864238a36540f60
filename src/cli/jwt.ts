/** `usher jwt`: signs JWTs for a jwt access token, and revokes them. */

import type { Command } from 'commander';
import type { JsonObject } from '../api/access-token.ts';
import type { JwtTarget } from '../api/access-tokens.ts';
import { getToken, revokeJwts } from '../api/access-tokens.ts';
import { issueJwt } from '../api/verifier.ts';
import { confirm, nameInQuestion, yesOption } from './confirm.ts';
import type { Context } from './context.ts';
import { change, connect, optionsOf } from './context.ts';
import { UsageError } from './exit-codes.ts';
import { foundId } from './found-id.ts';
import {
  count,
  durationSeconds,
  idPrefix,
  jsonObject,
  several,
  time,
  uuid,
} from './option-values.ts';
import { outJson, printable } from './terminal.ts';
import { outToken } from './token-output.ts';

/** Adds the commands. */
export function addJwtCommands(program: Command, context: Context): void {
  const jwt = program.command('jwt').description('sign and revoke JWTs of a jwt access token');
  addIssue(jwt, context);
  addRevoke(jwt, context);
}

interface IssueOptions {
  subject?: string;
  audience?: string[];
  scope?: string[];
  claims?: JsonObject;
  lifetime?: number;
  exp?: number;
}

function addIssue(jwt: Command, context: Context): void {
  jwt
    .command('issue')
    .description('sign a JWT')
    .argument('<id>', 'UUID of a jwt access token, or its first characters', idPrefix)
    .option('--subject <subject>', 'the sub claim')
    .option('--audience <audience>', 'the aud claim; can be given several times', several)
    .option('--scope <scope>', 'a scope of the scope claim; can be given several times', several)
    .option('--claims <json>', 'further claims, a JSON object', jsonObject)
    .option('--lifetime <duration>', 'its lifetime, such as 1h', durationSeconds)
    .option('--exp <seconds>', 'the exp claim itself, seconds since 1970', count(1))
    .action(async (given: string, _, self: Command) => {
      const options = optionsOf<IssueOptions>(self);
      const { subject, audience, scope: scopes, claims } = options;
      const expiry = expiryOf(options);
      const admin = connect(context, options);
      const tokenId = await foundId(admin, given);
      const order = { tokenId, subject, audience, scopes, claims, expiry };
      const issued = await issueJwt(admin, order);
      if (options.json) {
        outJson(context.terminal, issued);
        return;
      }
      context.terminal.out(issued.jwt);
      const { notesRich, note } = context.terminal;
      if (notesRich) note(`jti ${issued.jti}; send it as Authorization: Bearer <jwt>`);
    });
}

function expiryOf({ lifetime, exp }: IssueOptions): { lifetimeSeconds: number } | { exp: number } {
  if (lifetime !== undefined && exp === undefined) return { lifetimeSeconds: lifetime };
  if (exp !== undefined && lifetime === undefined) return { exp };
  throw new UsageError('a JWT must expire: give either --lifetime (such as 1h) or --exp');
}

interface RevokeOptions {
  jti?: string;
  subject?: string;
  issuedBefore?: Date;
  all?: true;
  reason: string;
  requestId?: string;
  yes?: true;
}

function addRevoke(jwt: Command, context: Context): void {
  jwt
    .command('revoke')
    .description('revoke JWTs; the access token itself stays valid')
    .argument('<id>', 'UUID of a jwt access token, or its first characters', idPrefix)
    .option('--jti <jti>', 'the JWT with this jti')
    .option('--subject <subject>', 'all with this sub that were issued until now')
    .option('--issued-before <time>', 'all issued before this time (RFC 3339)', time)
    .option('--all', 'all issued before now')
    .option('--reason <text>', 'why, for people and the audit log', '')
    .option('--request-id <uuid>', 'repeat a revocation whose outcome is not known', uuid)
    .option(...yesOption)
    .action(async (given: string, _, self: Command) => {
      const options = optionsOf<RevokeOptions>(self);
      const target = targetOf(options, context.now());
      const admin = connect(context, options);
      const id = await foundId(admin, given);
      await confirm(context, options, async () => {
        const name = nameInQuestion(await getToken(admin, id));
        return `Revokes JWTs ${targetText(target)}of ${name}. This cannot be undone.`;
      });
      const changed = await change(options.requestId, requestId =>
        revokeJwts(admin, id, target, options.reason, requestId),
      );
      outToken(context.terminal, changed, options.json);
    });
}

function targetText(target: JwtTarget): string {
  if ('issuedBefore' in target) return `issued before ${target.issuedBefore.toISOString()} `;
  const [[name, value] = ['', '']] = Object.entries(target);
  return `with the ${name} "${printable(value)}" `;
}

function targetOf({ jti, subject, issuedBefore, all }: RevokeOptions, now: number): JwtTarget {
  const targets: JwtTarget[] = [];
  if (jti !== undefined) targets.push({ jti });
  if (subject !== undefined) targets.push({ subject });
  if (issuedBefore !== undefined) targets.push({ issuedBefore });
  if (all) targets.push({ issuedBefore: new Date(now) });
  const [target, ...others] = targets;
  if (target !== undefined && others.length === 0) return target;
  throw new UsageError('which JWTs? give one of --jti, --subject, --issued-before or --all');
}
