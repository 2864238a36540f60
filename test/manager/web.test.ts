/** The web app in real Chromium, with fakes of the services behind it. */

import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Kind } from '../../src/gen/usher/v1/access_token_pb.ts';
import { buildWeb } from './built-web.ts';
import { playCareful } from './careful.ts';
import {
  axeViolations,
  keepPicture,
  launchChromium,
  looks,
  newVisitor,
  overflow,
} from './chromium.ts';
import { type FakeManager, startFakeManager } from './fake-manager.ts';
import { type FakeEntry, seed } from './fake-state.ts';
import { firstLoadBytes } from './first-load.ts';
import { pages } from './pages.ts';
import { playStory } from './story.ts';
import { playSurprises } from './surprises.ts';

const firstLoadBytesMax = 250_000;
let webFolder: string;

beforeAll(async () => {
  webFolder = await buildWeb('web-test');
});

test('the first load is small', () => {
  const bytes = firstLoadBytes(webFolder);
  expect(bytes).toBeGreaterThan(50_000);
  expect(bytes).toBeLessThan(firstLoadBytesMax);
});

playStory('the life of an access token, with fake services', async () => {
  const fake = await startFakeManager({ webFolder });
  return { url: fake.url, loginLink: fake.loginLink(), close: fake.close };
});

playSurprises(() => webFolder);

playCareful(() => webFolder);

describe('every page', () => {
  let fake: FakeManager;
  let browser: Browser;
  let jwtId: string;
  beforeAll(async () => {
    fake = await startFakeManager({ webFolder });
    seed(fake.state, 40);
    const isGoodJwt = ({ token }: FakeEntry) => token.kind === Kind.JWT && !token.revokeTime;
    jwtId = [...fake.state.entries.values()].findLast(isGoodJwt)?.token.id ?? '';
    browser = await launchChromium();
  });
  afterAll(async () => {
    await browser?.close();
    await fake?.close();
  });

  test.each(looks)(
    'has no serious accessibility problem, and gets a screenshot: %s',
    async look => {
      const complaints: string[] = [];
      const { context, page } = await newVisitor(browser, look, complaints);
      const mistakes: string[] = [];
      for (const shown of pages) {
        if (shown.needsSession && (await context.cookies()).length === 0) {
          await page.goto(fake.loginLink());
          await page.getByRole('heading', { name: 'Access tokens' }).waitFor();
        }
        await page.goto(fake.url + shown.path.replace(':id', jwtId));
        await shown.arrange(page);
        await keepPicture(page, shown.name, look);
        for (const mistake of await axeViolations(page, look))
          mistakes.push(`${shown.name}: ${mistake}`);
        const wider = await overflow(page);
        if (wider > 0) mistakes.push(`${shown.name}: ${wider} pixels wider than the window`);
      }
      expect(mistakes).toEqual([]);
      expect(complaints).toEqual([]);
      await context.close();
    },
    120_000,
  );
});
