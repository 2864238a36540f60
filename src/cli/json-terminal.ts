/** With `--json`, what is not the result is JSON, too: remarks and errors, a line each. */

import type { Fault } from './exit-codes.ts';
import type { Terminal } from './terminal.ts';

/** Whether the arguments ask for JSON. */
export function asksForJson(args: readonly string[]): boolean {
  const end = args.indexOf('--');
  return (end === -1 ? args : args.slice(0, end)).includes('--json');
}

/** A terminal that writes each remark as `{"note": "…"}`, and no progress. */
export function jsonTerminal(terminal: Terminal): Terminal {
  const note = (text: string) => terminal.note(JSON.stringify({ note: text }));
  return { ...terminal, notesRich: false, note };
}

/** An error as `{"error": "…", "code": "no_server", "exitCode": 69, "advice": "…"}`. */
export function jsonError({ message, code, advice }: Fault, exitCode: number): string {
  return JSON.stringify({ error: message, code, exitCode, ...(advice && { advice }) });
}

/** Whether a terminal may be given more than it has room for. */
export function asksForWide(args: readonly string[]): boolean {
  const end = args.indexOf('--');
  return (end === -1 ? args : args.slice(0, end)).includes('--wide');
}
