/**
 * Hands a pasted text to the page "Whose is this?", in memory alone: it may be a credential, which no
 * address and no history may hold.
 */

import { navigate } from 'wouter/use-browser-location';

let waiting: string | undefined;

/** Opens the page, which searches for the text at once. */
export function askWhose(text: string): void {
  waiting = text;
  navigate('/whose');
}

/** The text that was handed over, once. */
export function takeHandedOver(): string | undefined {
  const text = waiting;
  waiting = undefined;
  return text;
}
