/** The output of the log never waits, loses nothing that is read, and counts what it drops. */

import { describe, expect, test } from 'vitest';
import { createLogOutput } from '../src/log-output.ts';

/** Something that takes bytes as a full pipe, a closed one or a full disk does. */
function startSink() {
  const state = { room: Number.POSITIVE_INFINITY, fault: undefined as string | undefined };
  let taken = '';
  let nowMs = 0;
  let retries: (() => void)[] = [];
  /** What happens while the output sleeps. */
  const asleep: { run: () => void } = { run: () => undefined };
  const output = createLogOutput({
    take(bytes) {
      if (state.room === 0) {
        throw Object.assign(new Error('no'), { code: state.fault ?? 'EAGAIN' });
      }
      const count = Math.min(state.room, bytes.length);
      state.room -= count;
      taken += bytes.toString('latin1', 0, count);
      return count;
    },
    later: run => void retries.push(run),
    sleep(ms) {
      nowMs += ms;
      asleep.run();
    },
    monotonicMs: () => nowMs,
  });
  return {
    output,
    state,
    asleep,
    taken: () => Buffer.from(taken, 'latin1').toString(),
    nowMs: () => nowMs,
    /** The retries that are due; resolves none of those that they ask for. */
    retry() {
      const due = retries;
      retries = [];
      for (const run of due) run();
      return due.length;
    },
  };
}

/** The counts of dropped lines that lines of the log report, and the lines without these. */
function read(text: string): { reported: number[]; lines: string[] } {
  const all = text.split('\n').slice(0, -1);
  const notes = all.filter(line => line.includes('lines of the log were dropped'));
  return {
    reported: notes.map(line => JSON.parse(line).dropped),
    lines: all.filter(line => !notes.includes(line)),
  };
}

describe('a reader that reads', () => {
  test('has each line at once', () => {
    const { output, taken, retry } = startSink();
    output.write('one\n');
    expect(taken()).toBe('one\n');
    output.write('zwölf\n');
    expect([taken(), retry(), output.dropped()]).toEqual(['one\nzwölf\n', 0, 0]);
  });

  test('gets what waited, in order, one attempt at a time', () => {
    const { output, state, taken, retry } = startSink();
    state.room = 5;
    for (const line of ['one\n', 'zwölf\n', 'three\n']) output.write(line);
    expect(taken()).toBe('one\nz');
    expect(retry()).toBe(1);
    state.room = 4;
    expect([retry(), taken()]).toEqual([1, 'one\nzwöl']);
    state.room = 100;
    expect([retry(), taken(), retry()]).toEqual([1, 'one\nzwölf\nthree\n', 0]);
    expect(output.dropped()).toBe(0);
  });
});

describe('what is not taken', () => {
  test('waits up to the limit; what is dropped is counted, and reported where it is missing', () => {
    const { output, state, taken, retry } = startSink();
    output.limit(400);
    state.room = 0;
    const line = (name: string) => `${name.repeat(99)}\n`;
    for (const name of ['a', 'b', 'c', 'd', 'e', 'f']) output.write(line(name));
    expect([output.dropped(), taken()]).toEqual([2, '']);
    state.room = 300;
    retry();
    output.write(line('g'));
    state.room = 10_000;
    retry();
    const { reported, lines } = read(taken());
    expect(lines.map(text => text[0]).join('')).toBe('abcdg');
    expect(reported).toEqual([2]);
    expect(taken().indexOf('"dropped"')).toBeGreaterThan(taken().indexOf('d'));
    expect(taken().indexOf('"dropped"')).toBeLessThan(taken().indexOf('g'.repeat(99)));
    expect(output.dropped()).toBe(2);
  });

  test('is reported without another line, once there is room', () => {
    const { output, state, taken, retry } = startSink();
    output.limit(10);
    state.room = 0;
    for (let n = 0; n < 4; n++) output.write('12345678\n');
    state.room = 1000;
    retry();
    expect(read(taken())).toEqual({ reported: [3], lines: ['12345678'] });
  });

  test('does not hold up a line that is longer than the limit', () => {
    const { output, taken } = startSink();
    output.limit(3);
    output.write('12345678\n');
    expect(taken()).toBe('12345678\n');
  });
});

describe('a reader that is gone, or a full disk', () => {
  test('costs the lines, which are counted once, and no error', () => {
    const { output, state, taken, retry } = startSink();
    Object.assign(state, { room: 0, fault: 'EPIPE' });
    for (let n = 0; n < 3; n++) output.write(`${n}\n`);
    expect([output.dropped(), retry()]).toEqual([3, 0]);
    state.room = 1000;
    output.write('3\n');
    expect(read(taken())).toEqual({ reported: [3], lines: ['3'] });
    expect(output.dropped()).toBe(3);
  });

  test('counts what waited too', () => {
    const { output, state, retry } = startSink();
    state.room = 0;
    for (let n = 0; n < 3; n++) output.write(`${n}\n`);
    state.fault = 'EPIPE';
    retry();
    expect(output.dropped()).toBe(3);
  });

  test('does not mix half a line with the next one', () => {
    const { output, state, taken } = startSink();
    Object.assign(state, { room: 2, fault: 'ENOSPC' });
    output.write('half\n');
    output.write('none\n');
    state.room = 1000;
    output.write('whole\n');
    const [cut, ...rest] = taken().split('\n');
    expect(cut).toBe('ha');
    expect(read(rest.join('\n'))).toEqual({ reported: [2], lines: ['whole'] });
  });
});

describe('before an exit', () => {
  test('what waits is written for as long as someone reads', () => {
    const { output, state, asleep, taken, nowMs } = startSink();
    state.room = 0;
    output.write(`${'x'.repeat(100)}\n`);
    asleep.run = () => {
      if (nowMs() % 400 === 0) state.room = 30;
    };
    output.end();
    expect(taken()).toBe(`${'x'.repeat(100)}\n`);
    expect(nowMs()).toBe(1600);
  });

  test('a reader that takes nothing is not waited for beyond half a second', () => {
    const { output, state, nowMs } = startSink();
    state.room = 0;
    output.write('x\n');
    output.end();
    expect(nowMs()).toBe(500);
  });

  test('a slow one is not waited for beyond two seconds', () => {
    const { output, state, asleep, nowMs } = startSink();
    state.room = 0;
    output.write(`${'x'.repeat(1000)}\n`);
    asleep.run = () => {
      state.room = 1;
    };
    output.end();
    expect(nowMs()).toBe(2000);
  });

  test('nothing is waited for where nothing waits, or where the reader is gone', () => {
    const { output, state, nowMs } = startSink();
    output.end();
    state.room = 0;
    output.write('x\n');
    state.fault = 'EPIPE';
    output.end();
    expect(nowMs()).toBe(0);
  });
});

test('whatever the reader does, each line arrives whole and in order, or is reported as dropped', () => {
  let seed = 1;
  const random = (below: number) => {
    seed = (seed * 48_271) % 2_147_483_647;
    return seed % below;
  };
  for (let round = 0; round < 50; round++) {
    const { output, state, taken, retry } = startSink();
    output.limit(500 + random(1000));
    for (let n = 0; n < 500; n++) {
      if (random(3) === 0) {
        state.room = random(4) === 0 ? 0 : random(400);
        retry();
      }
      output.write(`${n} ${'ü'.repeat(random(40))}\n`);
    }
    state.room = 1_000_000;
    output.end();
    const { reported, lines } = read(taken());
    const numbers = lines.map(line => Number(/^(\d+) ü*$/.exec(line)?.[1]));
    expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
    expect(new Set(numbers).size).toBe(numbers.length);
    const sum = reported.reduce((all, count) => all + count, 0);
    expect([sum, numbers.length + sum]).toEqual([output.dropped(), 500]);
  }
});
