/** Shows how far long work is, to someone who looks. */

import type { Terminal } from './terminal.ts';

const step = 1000;

/** Passes items on and, now and then, tells how many there were. */
export async function* progress<T>(
  terminal: Terminal,
  items: AsyncIterable<T>,
  what: string,
): AsyncGenerator<T> {
  let count = 0;
  for await (const item of items) {
    yield item;
    count += 1;
    if (terminal.notesRich && count % step === 0) terminal.note(`${count} ${what} …`);
  }
}
