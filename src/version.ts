/** The version of Usher, as package.json has it. */

import { readFileSync } from 'node:fs';

const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8');

/** As in "0.1.0". */
export const version = (JSON.parse(text) as { version: string }).version;
