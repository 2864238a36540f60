/**
 * What a stored text demands of its readers. A later version that adds a member which restricts what an
 * access token or a person may do names that member in `needs`; a version that does not know it then
 * refuses to use the text, instead of deciding without the restriction. (RFC 7515 section 4.1.11 has
 * `crit` for the same.) Members that are not named there are kept as they are when a text is changed.
 */

/** The names that this version understands in `needs`. */
const understood: ReadonlySet<string> = new Set();

/** A text that only a newer Usher may use. The message names what it needs. */
export class NewerText extends Error {
  override readonly name = 'NewerText';
}

/** Throws NewerText for a text that needs something which this version does not know. */
export function checkNeeds(needs: unknown): void {
  if (needs === undefined) return;
  const names = Array.isArray(needs) ? needs : ['a version of its own'];
  const unknown = names.filter(name => !understood.has(name));
  if (unknown.length > 0) throw new NewerText(unknown.join(', '));
}
