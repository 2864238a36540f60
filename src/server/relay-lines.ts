/** Passes on what a worker writes to its standard output and error, by whole lines. */

import type { Readable } from 'node:stream';

/** Says each line of a stream, with its end; also a last one that has none. */
export function relayLines(from: Readable, say: (line: string) => void): void {
  let rest = '';
  from.setEncoding('utf8').on('data', (text: string) => {
    const lines = `${rest}${text}`.split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) say(`${line}\n`);
  });
  from.once('end', () => {
    if (rest !== '') say(`${rest}\n`);
  });
}
