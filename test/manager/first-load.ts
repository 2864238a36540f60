/** Measures what a browser must load before the first page of the web app works. */

import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

interface Chunk {
  file: string;
  isEntry?: boolean;
  imports?: string[];
}

/** Size of the gzipped JavaScript of the first load, in bytes. */
export function firstLoadBytes(webFolder: string): number {
  const text = readFileSync(join(webFolder, '.vite/manifest.json'), 'utf8');
  const manifest: Record<string, Chunk> = JSON.parse(text);
  const files = new Set<string>();
  const visit = (chunk: Chunk | undefined) => {
    if (!chunk || files.has(chunk.file)) return;
    files.add(chunk.file);
    for (const name of chunk.imports ?? []) visit(manifest[name]);
  };
  for (const chunk of Object.values(manifest)) if (chunk.isEntry) visit(chunk);
  return [...files]
    .map(file => statSync(join(webFolder, `${file}.gz`)).size)
    .reduce((sum, size) => sum + size, 0);
}
