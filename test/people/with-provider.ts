/** Whole servers of Usher that sign people in by a real provider. */

import { onTestFinished } from 'vitest';
import { freePort } from '../free-port.ts';
import { runServer } from '../server/run-server.ts';
import { startProvider } from './openid-provider.ts';

/** The rules of roles. */
export const roles =
  'groups=admins:admin, groups=payments:keeper(payments|billing), email=*@example.com:viewer';

/** Their claims. */
export const accounts = {
  ann: { name: 'Ann Lee', groups: ['staff', 'admins'] },
  bob: { name: 'Bob', groups: ['payments'] },
  eve: { name: 'Eve', email: 'eve@example.com', email_verified: false },
  fay: { name: 'Fay', email: 'Fay@Example.com', email_verified: true },
};

/** Starts a provider with four accounts, and a server that signs people in by it. */
export async function begin(env: Record<string, string> = {}) {
  const url = `http://127.0.0.1:${await freePort()}`;
  const provider = await startProvider([url]);
  provider.knobs.accounts = accounts;
  const server = await runServer({
    ...provider.env(roles, url),
    USHER_MANAGER_LISTEN: url.slice('http://'.length),
    ...env,
  });
  onTestFinished(() => server.stop());
  return { url, provider, server };
}
