/** Reads code blocks of the README and the docs, and compares an output with the one they show. */

import { readFileSync } from 'node:fs';
import { blocksOf, isSettings } from './blocks.ts';

/** A block of shell commands, and the output that the page shows below it. */
export interface Snippet {
  commands: string;
  shown: string | undefined;
}

/** A page of the documentation, or one chapter of it. */
export interface Page {
  /** Its path in the checkout. */
  file: string;
  /** The heading of the chapter; without one, the whole page. */
  heading?: string;
}

/** The shell snippets of a page that are to be run, in order (see blocks.ts). */
export function shellSnippets({ file, heading }: Page): Snippet[] {
  const blocks = blocksOf(file).filter(({ chapter }) => chapter === (heading ?? chapter));
  return blocks.flatMap((block, n) => {
    if (block.language !== 'sh' || block.notRun !== undefined || isSettings(block)) return [];
    const next = blocks[n + 1];
    const shown = next?.isNext && next.language === 'text' ? next.text : undefined;
    return [{ commands: block.text, shown }];
  });
}

/** The blocks of another language on a page. */
export function codeBlocks(page: Page, language: string): string[] {
  const block = new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\``, 'gm');
  return [...textOf(page).matchAll(block)].map(([, code = '']) => code);
}

/** The only block of another language on a page. */
export function codeBlock(page: Page, language: string): string {
  const blocks = codeBlocks(page, language);
  if (blocks.length !== 1) {
    throw new Error(`${page.file} has ${blocks.length} blocks of ${language}`);
  }
  return blocks[0] ?? '';
}

function textOf({ file, heading }: Page): string {
  const whole = readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8');
  if (heading === undefined) return whole;
  const [, chapter] = whole.split(`\n## ${heading}\n`);
  if (chapter === undefined) throw new Error(`${file} has no chapter "${heading}"`);
  return chapter.split('\n## ')[0] ?? '';
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
