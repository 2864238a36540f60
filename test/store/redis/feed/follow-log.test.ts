/** The follower of the log reports every change, in whatever order messages arrive or get lost. */

import { beforeEach, describe, expect, test } from 'vitest';
import { type ChainedEvent, chain, emptyChain } from '../../../../src/store/audit.ts';
import { followLog, type LogFollower } from '../../../../src/store/redis/feed/follow-log.ts';
import { eventOf } from '../../changes.ts';

/** A log with one entry for each id; `other` gives it a different past. */
function logOf(ids: string[], other = false): ChainedEvent[] {
  let head = emptyChain;
  return ids.map(id => {
    const entry = chain(head, {
      ...eventOf(other ? 'other' : 'token.update', id),
      id: `event ${id}`,
    });
    head = entry;
    return entry;
  });
}

describe('the follower of a log', () => {
  let log: ChainedEvent[];
  let told: string[];
  let follower: LogFollower;
  /** Called between the read of the log and its answer. */
  let meanwhile: () => void;

  const word = (index: number) => {
    const { sequence, hash, tokenId } = log[index] as ChainedEvent;
    return { sequence, hash, id: tokenId, previous: log[index - 1]?.hash ?? emptyChain.hash };
  };
  const full = logOf(['a', 'b', 'c', 'd', 'e', '', 'g']);

  beforeEach(async () => {
    log = full.slice(0, 2);
    told = [];
    meanwhile = () => {};
    follower = followLog(
      {
        async head() {
          const head = log.at(-1) ?? emptyChain;
          meanwhile();
          return head;
        },
        async events({ after = 0, limit }) {
          const entries = log.filter(({ sequence }) => sequence > after).slice(0, limit);
          meanwhile();
          return entries;
        },
      },
      3,
      { changed: id => told.push(id), changedAll: () => told.push('all') },
    );
    await follower.look();
    told = [];
  });

  test('begins with a reset', async () => {
    await follower.look();
    expect(told).toEqual([]);
  });

  test('reports entries in order, and none twice', async () => {
    log = full.slice(0, 4);
    expect([follower.tell(word(2)), follower.tell(word(3))]).toEqual([true, true]);
    await follower.look();
    expect(told).toEqual(['c', 'd']);
  });

  test('reads missed entries', async () => {
    log = full.slice(0, 5);
    expect(follower.tell(word(4))).toBe(false);
    await follower.look();
    expect(told).toEqual(['e', 'c', 'd', 'e']);
    log = full;
    expect([follower.tell(word(5)), follower.tell(word(6))]).toEqual([true, true]);
    expect(told.slice(4)).toEqual(['g']);
  });

  test('does not fall behind a message that arrived during a read', async () => {
    log = full.slice(0, 4);
    let turn = 0;
    meanwhile = () => {
      if (++turn === 1) expect(follower.tell(word(2))).toBe(true);
      else expect(follower.tell(word(3))).toBe(true);
    };
    await follower.look();
    meanwhile = () => {};
    expect(told).toEqual(['c', 'd']);
    log = full.slice(0, 5);
    expect(follower.tell(word(4))).toBe(true);
  });

  test('needs no second read when the message arrived before the answer of the log', async () => {
    meanwhile = () => {
      if (log.length > 2) return;
      log = full.slice(0, 3);
      follower.tell(word(2));
    };
    await follower.look();
    expect(told).toEqual(['c']);
  });

  test('resets instead of reading too many entries', async () => {
    log = full.slice(0, 6);
    await follower.look();
    expect(told).toEqual(['all']);
  });

  test.each<[string, ChainedEvent[]]>([
    ['that was emptied', []],
    ['that lost its end', full.slice(0, 1)],
    ['of another past', logOf(['a', 'b'], true)],
    ['of another past, and longer', logOf(['a', 'b', 'c'], true)],
  ])('treats a log %s as another one', async (_, other) => {
    log = other;
    await follower.look();
    expect(told).toEqual(['all']);
    await follower.look();
    expect(told).toEqual(['all']);
  });

  test('ignores an entry with the next number but another past', async () => {
    log = logOf(['a', 'b', 'c'], true);
    expect(follower.tell(word(2))).toBe(false);
    await follower.look();
    expect(told).toEqual(['c', 'all']);
  });

  test('follows a log from its very beginning', async () => {
    log = [];
    await follower.look();
    told = [];
    log = full.slice(0, 2);
    await follower.look();
    expect(told).toEqual(['a', 'b']);
  });
});
