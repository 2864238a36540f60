/** The rules by which what a provider says of a person gives them a role (USHER_OIDC_ROLES). */

import type { Json, JsonObject } from '../store/record.ts';
import { fieldLimits } from '../tokens/fields.ts';
import { type Granted, isRole, type Role, roleNames } from './roles.ts';

/** A rule: who has this value in this claim has this role. */
export interface RoleRule extends Granted {
  /** Name of a claim, or the path to one in objects, with dots. */
  claim: string;
  /** What one of its values must be; `*` stands for any characters. */
  value: string;
}

/** A rule that cannot be read. The message says which part is wrong, without what was written. */
export class RoleRuleError extends Error {
  override readonly name = 'RoleRuleError';
}

/**
 * Reads rules such as `groups=admins:admin, groups=payments:keeper(payments|billing)`. A value with a comma
 * is written in double quotes. Throws RoleRuleError.
 */
export function readRoleRules(text: string): RoleRule[] {
  const rules = split(text).map((rule, index) => readRule(rule.trim(), `(rule ${index + 1})`));
  if (rules.length === 0) throw new RoleRuleError(`has no rule; ${example}`);
  return rules;
}

const example = 'write claim=value:role, such as groups=admins:admin or email=*@example.com:viewer';

/** At the commas that are neither in quotes nor in parentheses. */
function split(text: string): string[] {
  if (text.trim() === '') return [];
  const rules = [''];
  let isQuoted = false;
  let depth = 0;
  for (const character of text) {
    if (character === '"') isQuoted = !isQuoted;
    else if (!isQuoted && character === '(') depth++;
    else if (!isQuoted && character === ')') depth--;
    if (character === ',' && !isQuoted && depth <= 0) rules.push('');
    else rules[rules.length - 1] += character;
  }
  if (isQuoted) throw new RoleRuleError('has a quote that does not end');
  return rules;
}

function readRule(rule: string, place: string): RoleRule {
  const equals = rule.indexOf('=');
  const claim = rule.slice(0, equals).trim();
  if (equals === -1 || claim === '') {
    throw new RoleRuleError(`has a rule without the name of a claim ${place}; ${example}`);
  }
  const [, written, role, list] =
    /^(.*):\s*([^:()]*?)\s*(?:\(([^()]*)\))?$/s.exec(rule.slice(equals + 1)) ?? [];
  if (written === undefined || role === undefined) {
    throw new RoleRuleError(`has a rule without a role ${place}; ${example}`);
  }
  const value = written.trim().replace(/^"(.*)"$/s, '$1');
  if (value === '' || value.includes('"')) {
    throw new RoleRuleError(`has a rule without a value of its claim ${place}; ${example}`);
  }
  if (!isRole(role)) {
    throw new RoleRuleError(
      `has a rule whose role is none of ${roleNames.join(', ')} ${place}; owners follow it in ` +
        'parentheses, as in keeper(payments|billing)',
    );
  }
  return { claim, value, role, ...(list !== undefined && { owners: readOwners(list, place) }) };
}

function readOwners(list: string, place: string): string[] {
  const owners = list.split('|').map(owner => owner.trim());
  const longest = fieldLimits.ownerLengthMax;
  if (owners.every(owner => owner !== '' && owner.length <= longest)) return [...new Set(owners)];
  throw new RoleRuleError(
    `has an owner that is empty or longer than ${longest} characters ${place}; write ` +
      'keeper(payments|billing), or keeper for the access tokens of all owners',
  );
}

/**
 * What the claims of a person give: the role of the first rule that matches, with the owners of all
 * matching rules of that role; undefined when none matches.
 */
export function granted(rules: readonly RoleRule[], claims: JsonObject): Granted | undefined {
  const matching = rules.filter(rule => matches(rule, claims));
  const role: Role | undefined = matching[0]?.role;
  if (role === undefined) return undefined;
  const same = matching.filter(rule => rule.role === role);
  // One without owners is for the access tokens of all.
  if (same.some(({ owners }) => owners === undefined)) return { role };
  return { role, owners: [...new Set(same.flatMap(({ owners = [] }) => owners))] };
}

/** Longest value of a claim that is looked at, in characters. */
const valueLengthMax = 1024;

function matches({ claim, value }: RoleRule, claims: JsonObject): boolean {
  // Anyone can give a provider an address that they do not have.
  const isEmail = claim === 'email';
  if (isEmail && claims.email_verified !== true && claims.email_verified !== 'true') return false;
  // ASCII alone: other letters that fold together can be two addresses.
  const folded = (text: string) =>
    isEmail ? text.replace(/[A-Z]/g, letter => letter.toLowerCase()) : text;
  const parts = folded(value).split('*');
  return valuesOf(claimIn(claims, claim)).some(
    each => each.length <= valueLengthMax && isJoined(folded(each), parts),
  );
}

/**
 * Whether a text is these parts in their order, with any characters between them. A regular expression would
 * take time quadratic in the text's length for two `*`, and a provider may name thousands of groups.
 */
function isJoined(text: string, [first = '', ...others]: readonly string[]): boolean {
  const last = others.pop();
  if (last === undefined) return text === first;
  if (!text.startsWith(first)) return false;
  let end = first.length;
  for (const part of others) {
    const found = text.indexOf(part, end);
    if (found === -1) return false;
    end = found + part.length;
  }
  return text.length - last.length >= end && text.endsWith(last);
}

/** The claim of this name, which may have dots, or the one that the dots lead to. */
function claimIn(claims: JsonObject, name: string): Json | undefined {
  if (Object.hasOwn(claims, name)) return claims[name];
  return name.split('.').reduce<Json | undefined>((found, part) => {
    if (typeof found !== 'object' || found === null || Array.isArray(found)) return undefined;
    return Object.hasOwn(found, part) ? found[part] : undefined;
  }, claims);
}

function valuesOf(claim: Json | undefined): string[] {
  if (Array.isArray(claim)) return claim.flatMap(valuesOf);
  if (typeof claim === 'string') return [claim];
  return typeof claim === 'number' || typeof claim === 'boolean' ? [String(claim)] : [];
}
