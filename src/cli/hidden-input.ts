/** Asks for a secret on the terminal, without showing it. */

import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import type { Context } from './context.ts';
import { UsageError } from './exit-codes.ts';

/** The line that the user enters. Throws UsageError when the input ends without one. */
export async function askHidden(
  { stdin, terminal }: Pick<Context, 'stdin' | 'terminal'>,
  question: string,
): Promise<string> {
  terminal.note(question);
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: stdin, output: nowhere, terminal: true, historySize: 0 });
  try {
    return await new Promise((resolve, reject) => {
      lines.once('line', resolve);
      lines.once('close', () => reject(new UsageError('nothing was entered')));
    });
  } finally {
    lines.close();
  }
}
