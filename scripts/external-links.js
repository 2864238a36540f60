// Prints each link to elsewhere on the web in the documents, with the files that have it. It follows none: CI
// has no network to follow them with, and sites that refuse robots would fail it.

import { globSync, readFileSync } from 'node:fs';

const skipped = /node_modules|^out\/|^site\/pages\/|^test\/(?!readme)/;
const files = globSync(['*.md', '{docs,deploy,packages,proto,site}/**/*.md']).filter(
  file => !skipped.test(file),
);
/** Addresses of one's own machine, and of names that are reserved for examples (RFC 2606). */
const examples =
  /^https?:\/\/(localhost|127\.|\[::1\]|[\w.-]*\b(example|internal|test)\b|10\.|YOUR-HOST|$)/;

const found = new Map();
for (const file of files) {
  const text = readFileSync(file, 'utf8').replace(/^```[\s\S]*?^```$/gm, '');
  for (const [url] of text.matchAll(/https?:\/\/[^\s)<>\]"'`|]+/g)) {
    if (examples.test(url)) continue;
    found.set(url, (found.get(url) ?? new Set()).add(file));
  }
}
const lines = [...found].sort().map(([url, where]) => `${url}\t${[...where].join(' ')}\n`);
// `head` may have read enough.
process.stdout.on('error', () => undefined);
process.stdout.write(lines.join(''));
