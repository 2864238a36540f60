/** `usher whois` and `usher verify --explain`, run as processes against a fake API Manager. */

import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  ExplainResponse_Check as Check,
  type ExplainRequest,
  Kind,
  type LookupRequest,
  LookupResponse_MatchedBy as MatchedBy,
} from '../../src/gen/usher/v1/access_token_pb.ts';
import { type FakeManager, startFakeManager } from './fake-manager.ts';
import { runUsher } from './run-usher.ts';

const id = '0198c0de-0000-7000-8000-000000000001';
let manager: FakeManager;
let looked: LookupRequest[] = [];
let explained: ExplainRequest[] = [];

beforeAll(async () => {
  manager = await startFakeManager({
    tokens: {
      lookup(request) {
        looked.push(request);
        // What is found is on the second page.
        if (request.pageToken === '') return { nextPageToken: 'next', examined: 500 };
        if (request.text === 'unknown') return { examined: 9 };
        const accessToken = { id, kind: Kind.JWT, name: 'app' };
        return { matches: [{ accessToken, matchedBy: MatchedBy.SECRET_KEY }] };
      },
      explain(request) {
        explained.push(request);
        const valid = request.header === 'Bearer good';
        const steps = [
          { check: Check.HEADER, passed: true, detail: 'one credential' },
          { check: Check.ACCESS_TOKEN, passed: valid, detail: 'what it saw' },
        ];
        if (valid) return { valid, httpStatus: 200, tokenId: id, steps };
        return { reason: 'INVALID_TOKEN', message: 'token is not valid', httpStatus: 401, steps };
      },
    },
  });
});
afterAll(() => manager.close());
beforeEach(() => {
  looked = [];
  explained = [];
});

const usher = (args: string[], stdin = '') =>
  runUsher(args, { USHER_MANAGER_URL: manager.url }, { stdin });

describe('whois', () => {
  test('reads the standard input, and shows what was found on any page', async () => {
    const { code, out } = await usher(['whois'], 'usk_pasted\n');
    expect(code).toBe(0);
    expect(out).toContain('this is its secret key\n');
    expect(out).toContain(id);
    expect(looked).toMatchObject([
      { text: 'usk_pasted', pageToken: '' },
      { text: 'usk_pasted', pageToken: 'next' },
    ]);
  });
  test('--json', async () => {
    const { out } = await usher(['whois', id, '--json']);
    expect(JSON.parse(out).matches).toMatchObject([
      { matchedBy: 'secret key', accessToken: { id, kind: 'jwt', name: 'app' } },
    ]);
  });
  test('ends with exit code 1 when there is none', async () => {
    const { code, out, err } = await usher(['whois'], 'unknown');
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toContain('no access token was found; of a token at least the first 26');
  });
  test('says what to pipe in when it gets nothing, and asks no server', async () => {
    const { code, err } = await usher(['whois'], ' \n');
    expect(code).toBe(2);
    expect(err).toContain('nothing was given: pipe in a token');
    expect(looked).toEqual([]);
  });
  test('takes no secret as an argument, and does not repeat it', async () => {
    const { code, err } = await usher(['whois', 'usk_secret']);
    expect(code).toBe(2);
    expect(err).toContain('only a UUID or its first characters can be an argument');
    expect(err).not.toContain('usk_secret');
    expect(looked).toEqual([]);
  });
});

describe('verify --explain', () => {
  test('prints each step', async () => {
    const asked = ['--audience', 'web', '--scope', 'a'];
    const { code, out } = await usher(['verify', '--explain', ...asked], 'Bearer bad');
    expect(code).toBe(1);
    expect(out).toBe(
      'refused: token is not valid (INVALID_TOKEN)\n' +
        '\tCHECK\tWHAT IT SAW\n' +
        'passed\theader\tone credential\n' +
        'failed\taccess token\twhat it saw\n',
    );
    expect(explained[0]).toMatchObject({ audience: 'web', requiredScopes: ['a'] });
  });
  test('--json', async () => {
    const { code, out } = await usher(['verify', '--explain', '--json'], 'Bearer good');
    expect(code).toBe(0);
    expect(JSON.parse(out)).toEqual({
      ...{ valid: true, reason: 'NONE', message: '', httpStatus: 200, stale: false, tokenId: id },
      steps: [
        { check: 'header', passed: true, detail: 'one credential' },
        { check: 'access token', passed: true, detail: 'what it saw' },
      ],
    });
  });
});
