/** Encrypts short texts (AES-256-GCM). */

import { type CipherKey, createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

const algorithm = 'aes-256-gcm';
const nonceBytes = 12;
const tagBytes = 16;

/**
 * Encrypts a text with a key of 32 bytes, as base64url. Only `unsealText` with the same context reads
 * it, so that what was sealed for one purpose is not accepted for another.
 */
export function sealText(key: CipherKey, text: string, context: string): string {
  const nonce = randomBytes(nonceBytes);
  const cipher = createCipheriv(algorithm, key, nonce, { authTagLength: tagBytes });
  cipher.setAAD(Buffer.from(context));
  const sealed = Buffer.concat([cipher.update(text), cipher.final()]);
  return Buffer.concat([nonce, sealed, cipher.getAuthTag()]).toString('base64url');
}

/** Decrypts it; undefined when it was altered, or sealed with another key or context. */
export function unsealText(key: CipherKey, value: string, context: string): string | undefined {
  const bytes = Buffer.from(value, 'base64url');
  if (bytes.length < nonceBytes + tagBytes) return undefined;
  // Node skips what is no base64url, so one text would have many spellings.
  if (bytes.toString('base64url') !== value) return undefined;
  const nonce = bytes.subarray(0, nonceBytes);
  const decipher = createDecipheriv(algorithm, key, nonce, { authTagLength: tagBytes });
  decipher.setAAD(Buffer.from(context));
  decipher.setAuthTag(bytes.subarray(-tagBytes));
  try {
    const text = decipher.update(bytes.subarray(nonceBytes, -tagBytes));
    return Buffer.concat([text, decipher.final()]).toString('utf8');
  } catch {
    return undefined;
  }
}
