/** Where a walk over access tokens goes on: the same form in every store. */

import type { AccessTokenRecord } from './record.ts';
import type { Order } from './store.ts';

/** Digits of the largest integer that is exact. */
const expiryDigits = 16;

/** An entry of the expiry index: its alphabetical order is that of the expiry, then of the id. */
export function expiryMember(expiresAt: number, id: string): string {
  return `${String(expiresAt).padStart(expiryDigits, '0')}:${id}`;
}

/** The two parts of an entry of the expiry index. */
export function readExpiryMember(member: string): { expiresAt: number; id: string } {
  return { expiresAt: Number(member.slice(0, expiryDigits)), id: member.slice(expiryDigits + 1) };
}

/** The cursor behind a record. */
export function cursorBehind(order: Order, record: AccessTokenRecord): string {
  return order === 'expiry' ? expiryMember(record.expiresAt ?? 0, record.id) : record.id;
}

/** Whether a text has the form of an order's cursors. */
export function isCursor(order: Order, text: string): boolean {
  return (order === 'expiry' ? /^\d{16}:[\w-]{1,64}$/ : /^[\w-]{1,64}$/).test(text);
}
