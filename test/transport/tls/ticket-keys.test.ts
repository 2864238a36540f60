/** When the secret behind session tickets is replaced. */

import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createTicketSecret, rotateTicketSecret } from '../../../src/transport/tls/ticket-keys.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test('a secret is replaced at each interval by another one, until it is stopped', () => {
  const secret = createTicketSecret();
  const seen = [secret.current.toString('hex')];
  secret.onChange(() => seen.push(secret.current.toString('hex')));
  const stop = rotateTicketSecret(secret, 1000);
  vi.advanceTimersByTime(2999);
  expect(new Set(seen).size).toBe(3);
  stop();
  vi.advanceTimersByTime(10_000);
  expect(seen).toHaveLength(3);
});
