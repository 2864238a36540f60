/**
 * Every block of commands, code or configuration in the documentation is run, compiled or read by a test, or
 * says why not.
 */

import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { readConfig, SettingsError } from '../src/settings/config.ts';
import { schemaOf, validate } from './deploy/kubernetes.ts';
import { type Block, blocksOf, documentedPages, runners, settingsIn } from './readme/blocks.ts';

const blocks = documentedPages().flatMap(blocksOf);
const name = ({ file, line }: Block) => `${file}:${line}`;
const named = (some: readonly Block[]) => some.map(block => [name(block), block] as const);
const of = (...languages: string[]) => blocks.filter(each => languages.includes(each.language));

/** Blocks in these languages show something: an output, a drawing, or what a gateway's test compares. */
const shown = ['text', 'mermaid', 'nginx', 'caddyfile', 'haproxy', 'lua', 'ini', ''];
const code = ['sh', 'console', 'bash', 'ts', 'js'];

test.each(documentedPages())('%s has no block that is only indented', page => {
  const outside = readFileSync(page, 'utf8').replaceAll(/^( *)```[\s\S]*?^\1```$/gm, '');
  // Within a list, an indented line continues an item.
  expect(outside).not.toMatch(/^(?! *[-*\d]).*\n\n {4}(?=\S)(?![-*] )/m);
});

test('the languages are known', () => {
  const known = [...shown, ...code, 'yaml', 'json'];
  expect(blocks.filter(({ language }) => !known.includes(language)).map(name)).toEqual([]);
});

describe('commands and code', () => {
  const toRun = of(...code).filter(block => settingsIn(block) === undefined);

  test.each(named(toRun))('%s is run by a test, or says why not', (_, block) => {
    const { file, chapter, notRun } = block;
    if (notRun !== undefined) return expect(notRun).toMatch(/^\w+ .+/);
    const runner = runners[file];
    const advice = 'name its test in test/readme/blocks.ts, or write <!-- not run: … --> before it';
    if (runner === undefined) return expect.fail(`no test runs it: ${advice}`);
    const { chapters = [chapter] } = runner;
    expect(chapters, advice).toContain(chapter);
  });

  test.each(Object.entries(runners))('%s is read by its test', (page, { test: path }) => {
    expect(existsSync(path)).toBe(true);
    expect(readFileSync(path, 'utf8')).toContain(`'${page}'`);
    expect(blocks.some(({ file }) => file === page)).toBe(true);
  });
});

/** What every server on Redis must have; no page repeats it. */
const secrets = {
  USHER_MASTER_KEYS: `k1:${Buffer.alloc(32).toString('base64')}`,
  USHER_ADMIN_TOKEN: 'a'.repeat(40),
};

describe('settings', () => {
  const given = of('sh').filter(block => settingsIn(block) !== undefined);

  test.each(named(given))('%s can be set', (_, block) => {
    // OpenTelemetry's own are read elsewhere; a shell puts the home for "~".
    const own = Object.entries(settingsIn(block) ?? {})
      .filter(([key]) => key.startsWith('USHER_'))
      .map(([key, value]) => [key, value.replace(/^~/, '/root')] as const);
    expect(own.length + Object.keys(settingsIn(block) ?? {}).length).toBeGreaterThan(0);
    const mistakes = mistakesOf({ ...secrets, ...Object.fromEntries(own) });
    // The files that the page names are not here.
    expect(mistakes.filter(each => !/file that cannot be read/.test(each))).toEqual([]);
  });
});

function mistakesOf(env: Record<string, string>): readonly string[] {
  try {
    readConfig(env);
    return [];
  } catch (error) {
    if (error instanceof SettingsError) return error.mistakes;
    throw error;
  }
}

describe('configuration', () => {
  test.each(named(of('yaml')))(
    '%s is YAML, of its kind where that has a schema here',
    (_, block) => {
      for (const document of parseAllDocuments(block.text)) {
        expect(document.errors).toEqual([]);
        const object = document.toJS();
        expect(object).toBeTypeOf('object');
        if (schemaOf(object) !== undefined && !usesExternalAuth(object)) validate(object);
      }
    },
  );

  test.each(named(of('json')))('%s is JSON, whole or line by line', (_, { text }) => {
    const parts = /^\{".*\}$/.test(text.split('\n')[0] ?? '') ? text.trimEnd().split('\n') : [text];
    for (const part of parts) expect(JSON.parse(part)).toBeTypeOf('object');
  });
});

/** The schema of the standard channel lacks that filter. */
function usesExternalAuth(object: object): boolean {
  return JSON.stringify(object).includes('ExternalAuth');
}
