/** `usher audit verify` against a real server whose store somebody has tampered with. */

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Kind } from '../../src/gen/usher/v1/access_token_pb.ts';
import { runUsher } from '../cli/run-usher.ts';
import { adminOf } from './api.ts';
import { runServer, type TestServer } from './run-server.ts';

/** An entry in the store's own format. */
type Entry = string[];

/** Reads and writes the log directly in the store, bypassing Usher. */
export interface Tamper {
  url: string;
  read(): Promise<Entry[]>;
  write(entries: Entry[]): Promise<void>;
  end(): Promise<void>;
}

/** Defines the tests for one store. */
export function describeAuditProof(store: string, start: () => Promise<Tamper>): void {
  describe(`on ${store}`, () => {
    let tamper: Tamper;
    let server: TestServer;
    /** The head of the log after five changes, for `--head`. */
    let head: string;

    const verify = (...args: string[]) =>
      runUsher(['audit', 'verify', ...args, '--json'], {
        USHER_MANAGER_URL: `http://${server.manager}`,
        USHER_ADMIN_TOKEN: server.adminToken,
      });
    const report = async (...args: string[]) => {
      const { code, out } = await verify(...args);
      return { code, ...JSON.parse(out) };
    };
    const create = (name: string) => adminOf(server).create({ kind: Kind.STATIC, name });
    /** Changes the log while the server is stopped. */
    const change = async (how: (entries: Entry[]) => Entry[]) => {
      await server.stop();
      await tamper.write(how(await tamper.read()));
      server = await runServer({ USHER_STORE: tamper.url });
    };
    const swapContent = (entries: Entry[], a: number, b: number) => {
      const [first = [], second = []] = [entries[a], entries[b]];
      return entries.map((entry, n) => {
        if (n === a) return [first[0] ?? '', ...second.slice(1)];
        return n === b ? [second[0] ?? '', ...first.slice(1)] : entry;
      });
    };

    beforeEach(async () => {
      tamper = await start();
      server = await runServer({ USHER_STORE: tamper.url });
      for (let n = 1; n <= 5; n++) await create(`token ${n}`);
      const { code, entries, hash } = await report();
      expect([code, entries]).toEqual([0, 5]);
      head = `${entries}:${hash}`;
    });
    afterEach(async () => {
      await server.stop();
      await tamper.end();
    });

    test('a log that was rewritten unchanged is intact', async () => {
      await change(entries => entries);
      expect(await report('--head', head)).toMatchObject({ code: 0, whole: true, entries: 5 });
      await create('another');
      expect(await report('--head', head)).toMatchObject({ code: 0, whole: true, entries: 6 });
    });

    test('a changed entry is found', async () => {
      await change(entries =>
        entries.map(entry => entry.map(text => text.replace('"token 3"', '"token x"'))),
      );
      expect(await report()).toMatchObject({ code: 1, whole: false, sequence: 3 });
    });

    test('a removed entry is found', async () => {
      await change(entries => entries.toSpliced(1, 1));
      expect(await report()).toMatchObject({ code: 1, whole: false, sequence: 2 });
    });

    test('two entries that changed places are found', async () => {
      await change(entries => swapContent(entries, 1, 3));
      expect(await report()).toMatchObject({ code: 1, whole: false, sequence: 2 });
    });

    test('a missing first entry is detected', async () => {
      await change(entries => entries.slice(1));
      expect(await report()).toMatchObject({ code: 1, whole: false, sequence: 1 });
    });

    test('a truncated log is detected by an earlier head, also below new entries', async () => {
      await change(entries => entries.slice(0, 3));
      expect(await report()).toMatchObject({ code: 0, entries: 3 });
      expect(await report('--head', head)).toMatchObject({ code: 1, whole: false });
      for (let n = 1; n <= 3; n++) await create(`later ${n}`);
      expect(await report()).toMatchObject({ code: 0, entries: 6 });
      expect(await report('--head', head)).toMatchObject({ code: 1, whole: false, sequence: 5 });
    });
  });
}
