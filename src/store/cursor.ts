/** Cursors, which say where a scan over access tokens resumes. They are the same in every store. */

import type { AccessTokenRecord } from './record.ts';
import type { Order } from './store.ts';

/** Digits of Number.MAX_SAFE_INTEGER. */
const expiryDigits = 16;

/** A member of the expiry index. Members sort by expiry (milliseconds since 1970), then by id. */
export function expiryMember(expiresAt: number, id: string): string {
  return `${String(expiresAt).padStart(expiryDigits, '0')}:${id}`;
}

/** The two parts of a member of the expiry index. */
export function readExpiryMember(member: string): { expiresAt: number; id: string } {
  return { expiresAt: Number(member.slice(0, expiryDigits)), id: member.slice(expiryDigits + 1) };
}

/** The cursor that resumes a scan after a record. */
export function cursorBehind(order: Order, record: AccessTokenRecord): string {
  return order === 'expiry' ? expiryMember(record.expiresAt ?? 0, record.id) : record.id;
}
