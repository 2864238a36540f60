/**
 * `npm run screenshots`: makes docs/images from the web app of a real server. Each route of
 * src/manager/web/app.tsx becomes a picture, so that a new page is in it by itself; names given as
 * arguments choose some.
 */

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import type { Page } from 'playwright-core';
import { freePort } from '../free-port.ts';
import { type Look, launchChromium, newVisitor } from '../manager/chromium.ts';
import { runServer } from '../server/run-server.ts';
import { withPalette } from './png.ts';
import { seed } from './seed.ts';

const folder = new URL('../../docs/images/', import.meta.url);
const appPath = new URL('../../src/manager/web/app.tsx', import.meta.url);
/** Routes that show no page of their own. */
const without = ['/sign-in', '/login', '/passkeys'];

/** A picture to take. */
interface Shot {
  name: string;
  /** ":id" stands for the UUID of an access token, person, webhook or job that was made. */
  path: string;
  look: Look;
  /** Brings the page into the state that is shown. */
  arrange?: (page: Page) => Promise<void>;
}

/** The pages of the route table. */
function routes(): Shot[] {
  const paths = [...readFileSync(appPath, 'utf8').matchAll(/<Route path="([^"]+)"/g)];
  return paths
    .map(([, path = '']) => path)
    .filter(path => !without.includes(path))
    .map(path => ({ name: nameOf(path), path, look: 'light' }));
}

const singular: Record<string, string> = {
  ...{ tokens: 'token', people: 'person', webhooks: 'webhook', jobs: 'job' },
};

function nameOf(path: string): string {
  if (path === '/') return 'tokens';
  if (path.endsWith('/:id')) return singular[path.slice(1, -4)] ?? path;
  return path.slice(1).replaceAll(/[^a-z]+/g, '-');
}

/** What a route alone does not show. */
const states: Shot[] = [
  { name: 'tokens-dark', path: '/', look: 'dark' },
  { name: 'tokens-phone', path: '/', look: 'phone' },
  {
    name: 'secret',
    path: '/tokens/new',
    look: 'light',
    arrange: async page => {
      await page.getByLabel('Name').fill('warehouse scanner 2');
      await page.getByRole('button', { name: 'Create access token' }).click();
      await page.locator('pre').first().waitFor();
    },
  },
];

/** What a page has as long as something is loading. */
const loading = '[aria-busy="true"], .mantine-Skeleton-root, .mantine-Loader-root';

const chosen = process.argv.slice(2);
const isChosen = ({ name }: { name: string }) => chosen.length === 0 || chosen.includes(name);

const port = await freePort();
/** Passkeys need a name. */
const url = `http://localhost:${port}`;
const server = await runServer({
  ...{ USHER_MANAGER_LISTEN: `127.0.0.1:${port}`, USHER_MANAGER_URL: url },
});
const browser = await launchChromium();
try {
  const made = await seed(server);
  mkdirSync(folder, { recursive: true });
  const signIn: Shot = { name: 'sign-in', path: '/', look: 'light' };
  let bytes = 0;
  const passkeys: Shot = { name: 'passkeys', path: '/passkeys', look: 'light' };
  for (const shot of [signIn, passkeys, ...routes(), ...states].filter(isChosen)) {
    const { context, page } = await newVisitor(browser, shot.look);
    if (shot.look !== 'phone') await page.setViewportSize({ width: 1120, height: 720 });
    if (shot === passkeys) {
      await page.goto(made.invitation);
      await page.getByRole('button', { name: /^Sign in as/ }).click();
      await page.getByRole('heading', { name: 'My passkeys' }).waitFor();
    } else if (shot !== signIn) {
      await page.goto(`http://${server.manager}/login#${server.issueLoginCode()}`);
      await page.getByRole('heading', { name: 'Access tokens' }).waitFor();
    }
    const [, room = ''] = shot.path.split('/');
    const path = shot.path.replace(':id', made.ids[room] ?? '');
    if (shot !== passkeys) await page.goto(`http://${server.manager}${path}`);
    await page.getByRole('heading', { level: 1 }).waitFor();
    await shot.arrange?.(page);
    await page.locator(loading).first().waitFor({ state: 'detached' });
    await page.evaluate('document.fonts.ready.then(() => true)');
    const png = withPalette(await page.screenshot({ animations: 'disabled' }));
    writeFileSync(new URL(`${shot.name}.png`, folder), png);
    bytes += png.length;
    console.log(`${shot.name}.png ${Math.round(png.length / 1024)} KiB`);
    await context.close();
  }
  console.log(`${Math.round(bytes / 1024)} KiB in all`);
} finally {
  await browser.close();
  await server.stop();
}
