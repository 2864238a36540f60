/** What a provider may say of a person that few do: thousands of groups, odd names, another subject. */

import { expect, test } from 'vitest';
import { createBrowser } from './browser-requests.ts';
import { begin } from './with-provider.ts';

async function signIn(url: string) {
  const browser = createBrowser();
  const { url: at } = await browser.open(`${url}/sign-in/provider`, to =>
    /\/login#|problem=/.test(to),
  );
  const { hash, searchParams } = new URL(at);
  const answer = await browser.send(`${url}/session`, 'POST', { code: hash.slice(1) });
  const session = (await answer.json()) as { actor: string; name: string; scopes: string[] };
  return { status: answer.status, problem: searchParams.get('problem'), ...session };
}

test('thousands of groups, of which the last gives the role', async () => {
  const { url, provider } = await begin({ USHER_OUTBOUND_BYTES_MAX: '4194304' });
  const groups = Array.from({ length: 10_000 }, (_, n) => `team-${n}-of-a-large-house`);
  provider.knobs.accounts = { ann: { name: 'Ann', groups: [...groups, 'admins'] } };
  expect(await signIn(url)).toMatchObject({ status: 200, problem: null, scopes: ['usher.admin'] });
  // In the ID token, too, which then fits into no cookie.
  provider.knobs.alter = claims => ({ ...claims, groups: [...groups, 'payments'] });
  expect(await signIn(url)).toMatchObject({ status: 200, problem: null });
});

test('more than the longest answer are refused, and the log names the setting', async () => {
  const { url, provider, server } = await begin({ USHER_OUTBOUND_BYTES_MAX: '8192' });
  provider.knobs.accounts = {
    ann: { groups: Array.from({ length: 1000 }, (_, n) => `team-${n}`) },
  };
  expect(await signIn(url)).toMatchObject({ problem: 'unreachable' });
  expect(server.logged.join('')).toContain(
    'answers with more than 8192 bytes; check the address, or raise USHER_OUTBOUND_BYTES_MAX',
  );
});

test('a name keeps its letters, and nothing that turns, hides or breaks text', async () => {
  const { url, provider } = await begin();
  const name = '\u202eשלום\u200b \u2028admin\u2029 👍🏽 =cmd|x\u0000';
  provider.knobs.accounts = { ann: { name, groups: ['admins'] } };
  expect((await signIn(url)).name).toBe('שלום   admin  👍🏽 =cmd|x');
});

test('another subject is another person, also with the same name and address', async () => {
  const { url, provider } = await begin();
  const [first, again] = [await signIn(url), await signIn(url)];
  expect(again.actor).toBe(first.actor);
  // The user info is asked for the subject of the ID token.
  provider.knobs.alter = claims => ({ ...claims, sub: 'someone else' });
  expect(await signIn(url)).toMatchObject({ problem: 'answer' });
  const { alter: _, ...knobs } = provider.knobs;
  provider.knobs.accounts = { ...knobs.accounts, new: { ...knobs.accounts.ann } };
  delete provider.knobs.alter;
  provider.knobs.account = 'new';
  const other = await signIn(url);
  expect([other.name, other.actor === first.actor]).toEqual(['Ann Lee', false]);
});
