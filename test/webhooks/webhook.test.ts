/** What of a webhook is encrypted, and to what it is bound. */

import { expect, test } from 'vitest';
import { Unavailable } from '../../src/store/store.ts';
import { createMasterKeys } from '../../src/verify/master-keys.ts';
import { sealSecret, sealUrl, secretsOf, urlOf, type Webhook } from '../../src/webhooks/webhook.ts';

test('its address and secret are encrypted, and of no use to another webhook or for one another', () => {
  const keys = createMasterKeys([{ id: 'k1', bytes: new Uint8Array(32).fill(1) }]);
  const [url, secret] = [sealUrl(keys, 'a', 'https://hidden'), sealSecret(keys, 'a', 'hidden')];
  expect(JSON.stringify([url, secret])).not.toContain('hidden');
  const webhook = { id: 'a', url, secrets: [secret] } as unknown as Webhook;
  expect(urlOf(keys, webhook)).toBe('https://hidden');
  expect(secretsOf(keys, webhook, 0)).toEqual(['hidden']);
  for (const other of [
    { ...webhook, id: 'b' },
    { ...webhook, url: secret, secrets: [url] },
  ]) {
    expect(() => urlOf(keys, other)).toThrow(Unavailable);
    expect(() => secretsOf(keys, other, 0)).toThrow(Unavailable);
  }
});
