/** Every door reads the same bytes of an Authorization header alike. */

import { globSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { Reason } from '../../../src/verify/verdict.ts';
import { ownEngine } from '../../engine.ts';
import { makeStatic } from '../../gateways/tokens.ts';
import { runServer, type TestServer } from '../../server/run-server.ts';
import { type ByteDoor, byteDoors } from './header-bytes.ts';

let server: TestServer;
let doors: ByteDoor[];
let token: string;

beforeAll(async () => {
  server = await runServer(ownEngine);
  doors = byteDoors(server);
  ({ token } = await makeStatic(server, { scopes: ['usher.admin'] }));
});
afterAll(() => server.stop());

const malformed = 'MALFORMED_CREDENTIALS';
const missing = 'MISSING_CREDENTIALS';
type Values = (good: string) => readonly string[];

const cases: Readonly<Record<string, readonly [Values, 'valid' | Reason]>> = {
  'no line': [() => [], missing],
  'an empty line': [() => [''], missing],
  'blanks alone': [() => [' \t '], missing],
  'a token': [good => [good], 'valid'],
  'a space before': [good => [` ${good}`], 'valid'],
  'a space after': [good => [`${good} `], 'valid'],
  'a tab before': [good => [`\t${good}`], 'valid'],
  'a tab after': [good => [`${good}\t`], 'valid'],
  'blanks on both sides, with a scheme': [good => [`\t Bearer ${good} \t`], 'valid'],
  'blanks within': [good => [`Bearer \t ${good}`], 'valid'],
  'a long run of blanks': [good => [`${good}${' '.repeat(9000)}`], 'valid'],
  'the scheme in another case': [good => [`bEARER ${good}`], 'valid'],
  'the scheme alone': [() => ['Bearer '], malformed],
  'the line twice': [good => [good, good], malformed],
  'an empty line, then a token': [good => ['', good], malformed],
  'a token, then blanks': [good => [good, ' '], malformed],
  'two empty lines': [() => ['', ''], malformed],
  'two values in a line': [good => [`${good}, ${good}`], malformed],
  'a comma after': [good => [`${good},`], malformed],
  'a quoted token': [good => [`Bearer "${good}"`], malformed],
  'two tokens': [good => [`Bearer ${good} ${good}`], malformed],
  'another scheme': [() => ['Basic dTpw'], malformed],
  'a byte beyond ASCII': [good => [`${good}\xe9`], malformed],
  'a byte of C1': [good => [`${good}\x85`], malformed],
  'a no-break space before': [good => [`\xa0${good}`], malformed],
  'a no-break space after the scheme': [good => [`Bearer\xa0${good}`], malformed],
  'more bytes than a header may have': [() => ['a'.repeat(8193)], malformed],
};

describe('every door gives the same verdict', () => {
  test.each(Object.entries(cases))('%s', async (_, [values, expected]) => {
    for (const { name, ask } of doors) {
      const outcome = await ask(values(token));
      // RFC 6750 section 3.1: no reason for a caller without a token, or with another scheme.
      const isBare = name === 'a caller of introspection' && outcome === 'refused';
      if (isBare) expect([missing, malformed]).toContain(expected);
      else expect({ [name]: outcome }).toEqual({ [name]: expected });
    }
  });
});

/** RFC 9110 section 5.5 forbids these in every version of HTTP. */
const forbidden: Readonly<Record<string, Values>> = {
  NUL: good => [`${good}\0`],
  'NUL before': good => [`\0${good}`],
  DEL: good => [`${good}\x7f`],
  'a control character': good => [`${good}\x01`],
  'a line feed': good => [`${good}\n`],
  'a carriage return': good => [`${good}\r`],
  'a folded line': good => [`Bearer\r\n ${good}`],
};

test('no door writes a header to standard error', async () => {
  const written = vi.spyOn(console, 'error').mockImplementation(() => undefined);
  const values = [`Bearer\t${token}`, `${token}\xe9`, `${token}\x7f`, `"${token}"`];
  for (const { ask } of doors) for (const value of values) await ask([value]);
  expect(written.mock.calls).toEqual([]);
  written.mockRestore();
});

describe('no door lets in a header that HTTP forbids', () => {
  test.each(Object.entries(forbidden))('%s', async (_, values) => {
    for (const { name, ask } of doors) {
      const outcome = await ask(values(token));
      // HTTP refuses the request; a message has a malformed header.
      expect({ [name]: outcome }).toEqual({
        [name]: expect.stringMatching(/^(refused|MALFORMED_CREDENTIALS)$/),
      });
    }
  });
});

test("introspection reads its parameter like a header's token", async () => {
  const active = async (parameter: string) => {
    const response = await fetch(`http://${server.http}/oauth2/introspect`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}` },
      body: new URLSearchParams({ token: parameter }),
    });
    return ((await response.json()) as { active: boolean }).active;
  };
  for (const good of [token, ` ${token}`, `${token} `, `\t${token}\t`]) {
    expect([good, await active(good)]).toEqual([good, true]);
  }
  const bad = [
    `${token},`,
    `"${token}"`,
    `${token} ${token}`,
    `${token}\n`,
    `${token}\0`,
    `é${token}`,
  ];
  for (const other of bad) expect([other, await active(other)]).toEqual([other, false]);
});

test('one function reads the header', () => {
  const root = new URL('../../../', import.meta.url).pathname;
  const reading = globSync('src/{transport,server,manager}/**/*.ts', { cwd: root }).filter(path =>
    /headers(\.authorization|\['authorization'\])|header\('authorization'\)/.test(
      readFileSync(root + path, 'utf8'),
    ),
  );
  expect(reading.sort()).toEqual([
    // Decodes Envoy's map of headers, which the first of these then reads.
    'src/transport/codec/decode-check.ts',
    'src/transport/rpc/call.ts',
  ]);
});
