/** The code to paste, the addresses in it, and the steps of a verdict in the web app. */

import { execFileSync } from 'node:child_process';
import { create } from '@bufbuild/protobuf';
import { describe, expect, test } from 'vitest';
import {
  ExplainResponse_Check as Check,
  ExplainResponse_StepSchema,
  Kind,
} from '../../../../src/gen/usher/v1/access_token_pb.ts';
import { Reason } from '../../../../src/gen/usher/v1/verifier_pb.ts';
import { reachable } from '../../../../src/manager/web/code/reachable.ts';
import { shellWord } from '../../../../src/manager/web/code/snippet.ts';
import { snippetsFor } from '../../../../src/manager/web/code/snippets.ts';
import { explainedSteps, stepsOf } from '../../../../src/manager/web/try-it/verdict-steps.ts';

const filling = {
  id: '01890a5d-ac96-774b-bcce-b302099a8057',
  secret: 'the-secret',
  http: 'http://usher.example:8080',
  grpc: 'usher.example:50051',
};

describe('code to paste', () => {
  test('there is a snippet for each language and gateway', () => {
    const names = (kind: Kind) => snippetsFor(kind, filling).map(({ id }) => id);
    expect(names(Kind.STATIC)).toEqual([
      'curl',
      'grpcurl',
      'python',
      'node',
      'go',
      'ruby',
      'envoy',
      'nginx',
    ]);
    expect(names(Kind.JWT)).toEqual([
      'curl',
      'pyjwt',
      'jose',
      'go',
      'ruby',
      'browser',
      'grpcurl',
      'envoy',
      'nginx',
    ]);
  });

  test('only the shell lines hold the secret; programs read it from the environment', () => {
    for (const kind of [Kind.STATIC, Kind.JWT]) {
      const shown = snippetsFor(kind, filling).filter(({ code }) => code.includes('the-secret'));
      expect(shown.map(({ id }) => id).sort()).toEqual(['curl', 'grpcurl']);
    }
  });

  test('each tab sets the variables that its code reads', () => {
    for (const kind of [Kind.STATIC, Kind.JWT]) {
      for (const { id, code, variables = '' } of snippetsFor(kind, filling)) {
        const whole = variables + code;
        for (const name of ['API_TOKEN', 'JWT_SECRET_KEY']) {
          if (code.includes(name)) expect(whole, id).toContain(`export ${name}='the-secret'\n`);
        }
        if (/jwt\}/.test(code)) expect(code, id).toMatch(/const jwt = .*\n/);
      }
    }
  });

  test('code that signs holds the kid, code that calls Usher holds its address', () => {
    for (const { id, code } of snippetsFor(Kind.JWT, filling)) {
      const isSigning = ['curl', 'pyjwt', 'jose', 'go', 'ruby', 'grpcurl'].includes(id);
      expect(code.includes(filling.id), id).toBe(isSigning);
      if (!isSigning) expect(code, id).toContain('usher.example');
    }
    for (const { id, code } of snippetsFor(Kind.STATIC, filling)) {
      expect(code, id).toContain('usher.example');
    }
  });

  test('the shell reads a quoted word unchanged', () => {
    const word = `it's "$HOME" \\ and \`date\``;
    const printed = execFileSync('sh', ['-c', `printf %s ${shellWord(word)}`], {
      encoding: 'utf8',
    });
    expect(printed).toBe(word);
  });
});

test.each([
  ['127.0.0.1:8080', '127.0.0.1:8080'],
  ['0.0.0.0:8080', 'my.host:8080'],
  ['[::]:8080', 'my.host:8080'],
  [':8080', 'my.host:8080'],
  ['usher.example:8080', 'usher.example:8080'],
  ['[::1]:8080', '[::1]:8080'],
])('a listener on %s is reached at %s', (listener, address) => {
  expect(reachable(listener, 'my.host')).toBe(address);
});

describe('the steps of a verdict', () => {
  const outcomes = (reason: Reason) => stepsOf(reason).map(({ outcome }) => outcome);

  test('a valid token passed every step', () => {
    expect(new Set(outcomes(Reason.NONE))).toEqual(new Set(['passed']));
  });

  test('every reason fails at one step: the steps before passed, those after did not', () => {
    const places = Object.values(Reason)
      .filter(reason => reason !== Reason.NONE)
      .map(reason => {
        const found = outcomes(reason);
        const place = found.indexOf('failed');
        expect(found.slice(0, place).every(outcome => outcome === 'passed')).toBe(true);
        expect(found.slice(place + 1).some(outcome => outcome === 'passed')).toBe(false);
        return place;
      });
    expect(places).toEqual([0, 0, 0, 1, 3, 4, 4, 5, 7, 8, 3, 6, 9]);
  });

  test('an explained verdict has what each check saw, and those that were not reached', () => {
    const step = (check: Check, passed: boolean, detail: string) =>
      create(ExplainResponse_StepSchema, { check, passed, detail });
    const steps = explainedSteps({
      steps: [
        step(Check.HEADER, true, 'one credential'),
        step(Check.TIME, true, 'exp is later'),
        step(Check.TIME, false, 'the access token expired'),
      ],
    });
    expect(steps).toEqual([
      { title: 'Header', text: 'One credential.', outcome: 'passed' },
      { title: 'Time', text: 'Exp is later. The access token expired.', outcome: 'failed' },
      { title: 'Not revoked', text: 'Not reached.', outcome: 'skipped' },
      { title: 'Address', text: 'Not reached.', outcome: 'skipped' },
      { title: 'Audience', text: 'Not reached.', outcome: 'skipped' },
      { title: 'Scopes', text: 'Not reached.', outcome: 'skipped' },
      { title: 'Limits', text: 'Not reached.', outcome: 'skipped' },
    ]);
  });

  test('INVALID_TOKEN does not reveal whether the token or the signature is wrong', () => {
    expect(outcomes(Reason.INVALID_TOKEN).slice(0, 3)).toEqual(['passed', 'failed', 'unknown']);
  });
});
