/** The keys of session tickets (RFC 5077 section 4, RFC 8446 section 4.6.1). */

import { createHash, hkdfSync, randomBytes } from 'node:crypto';

/** A secret from which all listeners of all workers derive the keys of their tickets. */
export interface TicketSecret {
  /** 32 bytes. */
  readonly current: Buffer;
  /** Replaces it, which makes all tickets useless that were given before. */
  set(secret: Buffer): void;
  /** Calls the listener whenever it was replaced, until the returned function is called. */
  onChange(listener: () => void): () => void;
}

const secretBytes = 32;
/** Node's key: a name, a key for HMAC and one for AES, of 16 bytes each. */
const keyBytes = 48;

/** Creates a secret at random. */
export function createTicketSecret(): TicketSecret {
  let current: Buffer = randomBytes(secretBytes);
  const listeners = new Set<() => void>();
  return {
    get current() {
      return current;
    },
    set(secret) {
      current = secret;
      for (const listener of listeners) listener();
    },
    onChange(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}

/** Replaces a secret every `ms` milliseconds until the returned function is called. */
export function rotateTicketSecret(secret: TicketSecret, ms: number): () => void {
  const timer = setInterval(() => secret.set(randomBytes(secretBytes)), ms).unref();
  return () => clearInterval(timer);
}

/**
 * The key of a listener's tickets. A ticket holds what was verified of its client: it is of no use at
 * another listener, nor once other CAs are trusted.
 */
export function ticketKeyOf(
  { current }: Pick<TicketSecret, 'current'>,
  listener: string,
  ca: string,
): Buffer {
  const digest = createHash('sha256').update(ca).digest('hex');
  return Buffer.from(hkdfSync('sha256', current, '', `usher ${listener} ${digest}`, keyBytes));
}
