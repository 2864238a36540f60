/** Finds members that JSON gives twice, of which JSON.parse silently keeps the last. */

import type { Place } from './place.ts';

/** An object or a list that is open at some place of the text. */
interface Open {
  /** The names of an object's members so far; absent for a list. */
  names?: Set<string>;
  /** Whether the next string is the name of a member. */
  isNameNext: boolean;
  /** The member or entry that is being read. */
  at: string | number;
}

const tokens = /"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\],]/gs;

/** The place of the first member that its object has already. `json` must be valid JSON. */
export function repeatedMember(json: string): Place | undefined {
  const opened: Open[] = [];
  for (const [token] of json.matchAll(tokens)) {
    const open = opened.at(-1);
    if (token === '{') opened.push({ names: new Set(), isNameNext: true, at: '' });
    else if (token === '[') opened.push({ isNameNext: false, at: 0 });
    else if (token === '}' || token === ']') opened.pop();
    else if (open === undefined) continue;
    else if (token === ',') goOn(open);
    else if (open.isNameNext && isRepeated(open, JSON.parse(token))) {
      return opened.map(({ at }) => at);
    }
  }
  return undefined;
}

function goOn(open: Open): void {
  if (open.names === undefined) open.at = Number(open.at) + 1;
  else open.isNameNext = true;
}

function isRepeated(open: Open, name: string): boolean {
  const isKnown = open.names?.has(name) ?? false;
  open.names?.add(name);
  open.at = name;
  open.isNameNext = false;
  return isKnown;
}
