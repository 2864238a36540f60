/**
 * The fenced blocks of the documentation, and who checks each. A block of commands that no test runs has
 * a comment before it that names the reason: `<!-- not run: needs Kubernetes -->`.
 */

import { globSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';

const root = resolve(import.meta.dirname, '../..');

/** A fenced block. */
export interface Block {
  /** The page, from the root of the repository. */
  file: string;
  /** The last heading of level 2 above it; "" before the first. */
  chapter: string;
  /** The line of its fence, from 1. */
  line: number;
  language: string;
  text: string;
  /** Whether nothing but blank lines is between it and the block before. */
  isNext: boolean;
  /** Why no test runs it; absent where one does. */
  notRun?: string;
}

/** The pages whose blocks must be checked. */
export function documentedPages(): string[] {
  const patterns = ['*.md', 'docs/*.md', 'deploy/**/README.md', 'packages/*/README.md'];
  return globSync(patterns, { cwd: root, exclude: ['AGENTS.md'] }).toSorted();
}

/** The fenced blocks of a page. Throws Error for a fence that is not closed. */
export function blocksOf(file: string): Block[] {
  const text = readFileSync(resolve(root, file), 'utf8');
  const pattern = /(?:^ *<!-- not run: (.+) -->\n)?^( *)```([^\n]*)\n([\s\S]*?)^\2```$/gm;
  let end = 0;
  const blocks = [...text.matchAll(pattern)].map(match => {
    const [all, notRun, indent = '', language = '', content = ''] = match;
    const above = text.slice(0, match.index);
    const isNext = end > 0 && text.slice(end, match.index).trim() === '';
    end = match.index + all.length;
    return {
      ...{ file, language, isNext, line: above.split('\n').length },
      text: content.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
      chapter: [...above.matchAll(/^## (.*)$/gm)].at(-1)?.[1] ?? '',
      ...(notRun === undefined ? {} : { notRun }),
    };
  });
  const fences = [...text.matchAll(/^ *```/gm)].length;
  if (fences !== 2 * blocks.length) throw new Error(`${file} has a fence that is not closed`);
  return blocks;
}

/** A test that runs the commands of a page, or compiles its code. */
interface Runner {
  /** The test file. It reads the page by its path. */
  test: string;
  /** The chapters that it runs; absent for all. */
  chapters?: readonly string[];
}

const commands = 'test/commands.test.ts';

/** Who runs the blocks of each page that has blocks to run. */
export const runners: Record<string, Runner> = {
  'README.md': { test: 'test/readme.test.ts', chapters: ['Start', 'One minute'] },
  'docs/audit-log.md': { test: commands },
  'docs/backup.md': { test: 'test/backup-page.test.ts' },
  'docs/clients.md': { test: 'test/clients.test.ts' },
  'docs/gateways.md': { test: commands },
  'docs/installing.md': { test: 'test/server/npx.test.ts', chapters: ['The package'] },
  'docs/invitations.md': { test: commands },
  'docs/jwt.md': { test: 'test/readme.test.ts' },
  'docs/keys.md': {
    test: 'test/keys-page.test.ts',
    chapters: ['Rotating a key', 'A leaked key'],
  },
  'docs/leaks.md': { test: commands },
  'docs/limits-and-sources.md': { test: commands },
  'docs/people.md': { test: commands },
  'docs/redis.md': { test: 'test/readme.test.ts' },
  'docs/running.md': { test: commands },
  'docs/safe-deployment.md': { test: 'test/gateways/safe-deployment.test.ts' },
  'docs/sdk.md': { test: 'test/client/packed.test.ts' },
  'docs/webhooks.md': { test: commands },
  'packages/client/README.md': { test: 'test/client/packed.test.ts' },
};

/** Whether a block only gives settings: a variable on each line, as an environment file has them. */
export function isSettings({ text }: Pick<Block, 'text'>): boolean {
  return text
    .trimEnd()
    .split('\n')
    .every(line => /^(USHER|OTEL)_[A-Z0-9_]+=/.test(line));
}
