/** The SDK as it is packed for npm, bundled for browsers. */

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'vite';
import { expect, onTestFinished, test } from 'vitest';
import { Kind } from '../../src/gen/usher/v1/access_token_pb.ts';
import { launchChromium } from '../manager/chromium.ts';
import { adminOf } from '../server/api.ts';
import { runServer } from '../server/run-server.ts';
import { installPacked } from './packed.ts';

test('bundled, it runs in a browser and receives a revocation', async () => {
  const { folder, remove } = await installPacked();
  onTestFinished(remove);
  const server = await runServer();
  onTestFinished(server.stop);
  const made = await adminOf(server).create({ kind: Kind.STATIC, name: 'a', owner: 'shop' });
  const { token } = made;
  const entry = join(folder, 'page.js');
  await writeFile(
    entry,
    `import { createUsher } from '@usher/client';
     globalThis.usher = createUsher({ addresses: ['http://${server.http}'] });`,
  );
  const built = await build({
    root: folder,
    configFile: false,
    logLevel: 'silent',
    build: { write: false, lib: { entry, formats: ['es'], fileName: 'page' } },
  });
  const [bundle] = [built].flat();
  if (bundle === undefined || !('output' in bundle)) throw new Error('nothing was built');
  const code = bundle.output.map(file => ('code' in file ? file.code : '')).join('\n');
  expect(code).not.toMatch(/from\s*["']node:|require\(|__vite-browser-external/);

  const browser = await launchChromium();
  onTestFinished(() => browser.close());
  const page = await browser.newPage();
  await page.addScriptTag({ type: 'module', content: code });
  await page.waitForFunction('globalThis.usher !== undefined');
  const cached = `usher.cached(${JSON.stringify(token)})`;
  const verified = `usher.verify(${JSON.stringify(token)})`;
  await page.evaluate('usher.ready()');
  expect(await page.evaluate(verified)).toMatchObject({ valid: true, identity: { owner: 'shop' } });
  await page.waitForFunction(`${verified}.then(() => ${cached} !== undefined)`);
  await adminOf(server).revoke({ id: made.accessToken?.id ?? '' });
  await page.waitForFunction(`${cached} === undefined || !${cached}.valid`);
  expect(await page.evaluate(verified)).toMatchObject({ valid: false, reason: 'REVOKED' });
  await page.evaluate('usher.close()');
});
