/**
 * Hands a pasted text to the page "Whose is this?", in memory alone: it may be a credential, which no
 * address and no history may hold.
 */

import type { ClipboardEvent } from 'react';
import { navigate } from 'wouter/use-browser-location';
import { looksLikeCredential } from './credential-text.ts';

let waiting: string | undefined;

/**
 * For a search field: a credential that is pasted into it goes to the page "Whose is this?" instead, which
 * searches for it at once.
 */
export function handPasteOver(event: ClipboardEvent): void {
  const text = event.clipboardData.getData('text');
  if (!looksLikeCredential(text)) return;
  event.preventDefault();
  waiting = text;
  navigate('/whose');
}

/** The text that was handed over, once. */
export function takeHandedOver(): string | undefined {
  const text = waiting;
  waiting = undefined;
  return text;
}
