/** Reads the README's code blocks, and makes patterns of the outputs that it shows. */

import { readFileSync } from 'node:fs';

/** A block of shell commands, and the output that the README shows below it. */
export interface Snippet {
  commands: string;
  shown: string | undefined;
}

const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');

/** The shell snippets under a heading, in order. */
export function shellSnippets(heading: string): Snippet[] {
  const block = /^```sh\n([\s\S]*?)^```(?:\n+```text\n([\s\S]*?)^```)?/gm;
  return [...chapter(heading).matchAll(block)].map(([, commands = '', shown]) => {
    return { commands, shown };
  });
}

/** The only block of another language under a heading. */
export function codeBlock(heading: string, language: string): string {
  const blocks = [
    ...chapter(heading).matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\``, 'gm')),
  ];
  if (blocks.length !== 1) throw new Error(`${heading} has ${blocks.length} blocks of ${language}`);
  return blocks[0]?.[1] ?? '';
}

function chapter(heading: string): string {
  const [, text] = readme.split(`\n## ${heading}\n`);
  if (text === undefined) throw new Error(`the README has no chapter "${heading}"`);
  return text.split('\n## ')[0] ?? '';
}

const variable = [
  {
    found: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/g,
    pattern: '\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\dZ',
  },
  { found: /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, pattern: '[0-9a-f]{8}-[0-9a-f-]{27}' },
  // Alone on a line it stands for any lines, within a line for any characters.
  { found: /^…$/gm, pattern: '[^]*?' },
  { found: /…/g, pattern: '.*' },
];

/** A pattern for outputs that differ from the shown one only in times, UUIDs and "…". */
export function outputLike(shown: string): RegExp {
  const literal = shown.trim().replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
  // Placeholders first, so that no inserted pattern is itself replaced.
  const marked = variable.reduce((text, { found }, n) => text.replace(found, `⟦${n}⟧`), literal);
  const filled = marked.replace(/⟦(\d)⟧/g, (_, n) => variable[Number(n)]?.pattern ?? '');
  return new RegExp(`^${filled}$`);
}
