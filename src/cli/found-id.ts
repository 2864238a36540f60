/** Finds the access token of an id, or of the first characters of one. */

import { type Admin, AdminError } from '../api/connect.ts';
import { listTokens } from '../api/list-tokens.ts';
import { UsageError } from './exit-codes.ts';

const idLength = 36;
/** Candidates that a message names. */
const shownMax = 10;

/**
 * The id that begins with `prefix`, which `idPrefix` parsed; a whole one is not looked up. Throws
 * AdminError when there is none, and UsageError with the candidates when there are several.
 */
export async function foundId(admin: Admin, prefix: string): Promise<string> {
  if (prefix.length === idLength) return prefix;
  const found: { id: string; name: string }[] = [];
  const filter = { text: prefix, sort: 'newest' } as const;
  for await (const token of listTokens(admin, filter, Number.MAX_SAFE_INTEGER - 1)) {
    if (token.id.startsWith(prefix)) found.push(token);
    if (found.length > shownMax) break;
  }
  const [only] = found;
  if (only === undefined) {
    throw new AdminError('NotFound', `no access token has an id that begins ${prefix}`);
  }
  if (found.length === 1) return only.id;
  const shown = found.slice(0, shownMax).map(({ id, name }) => `  ${id}  ${JSON.stringify(name)}`);
  const more = found.length > shownMax ? ['  …'] : [];
  const head = `several access tokens have an id that begins ${prefix}: give more of it`;
  throw new UsageError([head, ...shown, ...more].join('\n'));
}
