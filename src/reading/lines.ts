/** Reads text line by line. */

import { StringDecoder } from 'node:string_decoder';

/**
 * The lines of a file or of the standard input, without their ends: LF, or CR and LF. JSON may hold U+2028 and
 * U+2029, at which Node's readline would begin a new line.
 */
export async function* linesOf(input: AsyncIterable<Buffer | string>): AsyncGenerator<string> {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  for await (const chunk of input) {
    const [first = '', ...others] = textOf(decoder, chunk).split('\n');
    rest += first;
    for (const other of others) {
      yield withoutReturn(rest);
      rest = other;
    }
  }
  rest += decoder.end();
  if (rest !== '') yield withoutReturn(rest);
}

function textOf(decoder: StringDecoder, chunk: Buffer | string): string {
  return typeof chunk === 'string' ? chunk : decoder.write(chunk);
}

function withoutReturn(line: string): string {
  return line.endsWith('\r') ? line.slice(0, -1) : line;
}
