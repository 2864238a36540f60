/** What a source file imports, read from its text. */

import { dirname, join } from 'node:path';

/** What a file imports, also later or as a worker: paths of ours, and names of packages. */
export function importsOf(path: string, text: string): string[] {
  const statement =
    /^(?:import|export)\b[^'"`]*?\bfrom\s+'([^']+)'|^import\s+'([^']+)'|\bimport\(\s*(['"`])([^'"`]+)\3|\bnew URL\(\s*'([^':]+\.[jt]sx?)',\s*import\.meta\.url/gm;
  return [...text.matchAll(statement)].map(found => {
    const [, from, bare, , later, url] = found;
    // The URL of a file needs no "./", other than an import of one.
    if (url !== undefined) return join(dirname(path), url);
    const name = from ?? bare ?? later ?? '';
    if (name.startsWith('.')) return join(dirname(path), name);
    return name.startsWith('node:') ? name : /^(@[^/]+\/)?[^/]+/.exec(name)?.[0];
  }) as string[];
}
