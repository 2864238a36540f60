/** Finds what an id names, or the first characters of one. */

import { type Admin, AdminError } from '../api/connect.ts';
import { listJobs } from '../api/jobs.ts';
import { listTokens } from '../api/list-tokens.ts';
import { listPeople } from '../api/people.ts';
import { listWebhooks } from '../api/webhooks.ts';
import { UsageError } from './exit-codes.ts';

const idLength = 36;
/** Candidates that a message names. */
const shownMax = 10;

/** What an id can name. */
type Named = { id: string; name: string };

/**
 * The id of the access token that begins with `prefix`, which `idPrefix` parsed; a whole one is not looked
 * up. Throws AdminError when there is none, and UsageError with the candidates when there are several.
 */
export async function foundId(admin: Admin, prefix: string): Promise<string> {
  const filter = { text: prefix, sort: 'newest' } as const;
  const all = () => listTokens(admin, filter, Number.MAX_SAFE_INTEGER - 1);
  return await idAmong(prefix, 'access token', all);
}

/** The same of a person. */
export async function foundPerson(admin: Admin, prefix: string): Promise<string> {
  return await idAmong(prefix, 'person', () => listPeople(admin));
}

/** The same of a webhook. */
export async function foundWebhook(admin: Admin, prefix: string): Promise<string> {
  return await idAmong(prefix, 'webhook', async function* () {
    for (const { id, description: name } of await listWebhooks(admin)) yield { id, name };
  });
}

/** The same of a job. */
export async function foundJob(admin: Admin, prefix: string): Promise<string> {
  return await idAmong(prefix, 'job', async function* () {
    for await (const { id, act } of listJobs(admin)) yield { id, name: act };
  });
}

async function idAmong(
  prefix: string,
  what: string,
  list: () => AsyncIterable<Named>,
): Promise<string> {
  if (prefix.length === idLength) return prefix;
  const found: Named[] = [];
  for await (const each of list()) {
    if (each.id.startsWith(prefix)) found.push(each);
    if (found.length > shownMax) break;
  }
  const [only] = found;
  if (only === undefined) {
    throw new AdminError('NotFound', `no ${what} has an id that begins ${prefix}`);
  }
  if (found.length === 1) return only.id;
  const shown = found.slice(0, shownMax).map(({ id, name }) => `  ${id}  ${JSON.stringify(name)}`);
  const more = found.length > shownMax ? ['  …'] : [];
  const several =
    what === 'access token' ? 'access tokens' : what === 'person' ? 'people' : `${what}s`;
  const head = `several ${several} have an id that begins ${prefix}: give more of it`;
  throw new UsageError([head, ...shown, ...more].join('\n'));
}
