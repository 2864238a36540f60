/** With `--json`, what is not the result is JSON, too: remarks and errors, a line each. */

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

/** An error as `{"error": "…", "exitCode": 69}`. */
export function jsonError(error: string, exitCode: number): string {
  return JSON.stringify({ error, exitCode });
}
