/**
 * Generated sessions, bent in one frame or two, on this server and on that of node:http2, which is nghttp2:
 * the same answers, or an error of the same class, but for differences that are listed with their reasons.
 */

import { expect, test } from 'vitest';
import { frameTypes } from '../../../src/transport/h2/frame.ts';
import { bendFrames } from '../../fuzz/h2/bend-frames.ts';
import { framesOf, type InputFrame } from '../../fuzz/h2/sent-frames.ts';
import { createRandom } from '../../model/random.ts';
import { type Outcome, playHere, playThere } from './differential.ts';
import { frame, preface, request, settings } from './raw-frames.ts';

const session = Buffer.concat([
  preface,
  settings(),
  frame('settings', 1, 0),
  request(1, '/a'),
  request(3, '/b', 4),
  frame('data', 0, 3, Buffer.from('abc')),
  frame('data', 1, 3, Buffer.from('de')),
  request(5, '/c'),
]);
const bend = bendFrames({
  paths: ['/a', '/b'],
  others: [
    ['x-a', 'b'],
    ['x-c', 'd'],
  ],
  contents: [Buffer.from('hello'), Buffer.alloc(0), Buffer.alloc(3000)],
});
const sessions = 4000;

const { data, headers, rstStream, settings: settingsType, ping, goaway, windowUpdate } = frameTypes;

interface Compared {
  frames: InputFrame[];
  here: Outcome;
  there: Outcome;
}

/** Where the two may differ, and why this server is right or free to. */
const differences: Record<string, (compared: Compared) => boolean> = {
  'GOAWAY of a client only says that the server may open no streams (6.8); node closes the connection':
    ({ frames }) => frames.some(({ type }) => type === goaway),
  'a client that resets a stream may see its answer or not: here it is sent in the same turn': ({
    frames,
  }) => frames.some(({ type }) => type === rstStream),
  'an acknowledgement of nothing is no error by the RFC; here it counts as a flood, for node it is one':
    ({ frames }) =>
      frames.some(({ type, flag }) => type === ping && flag & 1) ||
      frames.filter(({ type, flag }) => type === settingsType && flag & 1).length > 1,
  'a smaller window of later SETTINGS holds for what is not sent; here all is sent in the turn': ({
    frames,
  }) =>
    frames.some(
      ({ type, payload }) =>
        type === settingsType && /^00040000000[01]/.test(payload.toString('hex')),
    ),
  'a stream below the last that was never opened is closed, so DATA on it is STREAM_CLOSED (5.1.1); node ignores it':
    ({ frames, here }) => {
      const opened = frames.filter(({ type }) => type === headers).map(({ id }) => id);
      return frames.some(
        ({ type, id }) =>
          type === data && !opened.includes(id) && here.streams[id] === 'reset streamClosed',
      );
    },
  'a new stream below the last one is PROTOCOL_ERROR (5.1.1); node ignores it': ({
    frames,
    here,
  }) => {
    const ids = frames.filter(({ type }) => type === headers).map(({ id }) => id);
    return (
      here.connection === 'protocolError' &&
      ids.some((id, n) => id <= Math.max(0, ...ids.slice(0, n)))
    );
  },
  'frames behind END_STREAM are STREAM_CLOSED for the stream (5.1); node ends the connection': ({
    frames,
    there,
  }) =>
    there.connection === 'streamClosed' &&
    frames.some(({ type, id }, n) => {
      const before = frames.slice(0, n).filter(each => each.id === id);
      return type === data && before.some(({ type, flag }) => type < 2 && flag & 1);
    }),
  'what is too large or too small for the window of a stream ends the stream (6.9, 6.9.1), if it is still open; node ends the connection':
    ({ frames, here, there }) =>
      here.connection === 'fine' &&
      ['flowControlError', 'protocolError'].includes(there.connection) &&
      frames.some(({ type, id }) => type === windowUpdate && id !== 0),
  'HEADERS that may have been on their way to a stream that the server has reset are ignored (5.1); node ends the connection':
    ({ frames, here, there }) =>
      there.connection === 'streamClosed' &&
      frames.some(
        ({ type, id }, n) =>
          type === headers &&
          here.streams[id]?.startsWith('reset') === true &&
          frames.slice(0, n).some(each => each.type === headers && each.id === id),
      ),
  'a Host beside another :authority, and NUL in a value, make a request malformed (8.2.1, 8.3.1); node drops the field':
    ({ frames, here, there }) =>
      frames.some(
        ({ id }) =>
          here.streams[id] === 'reset protocolError' &&
          there.streams[id]?.startsWith('answered') === true,
      ),
  'a change of NO_RFC7540_PRIORITIES is not looked for, as no priorities are followed': ({
    frames,
  }) =>
    frames.some(
      ({ type, payload }) => type === settingsType && payload.toString('hex') === '000900000001',
    ),
  'node sends no content to HEAD; here that is for the handler': ({ here, there }) =>
    Object.entries(there.streams).some(
      ([id, outcome]) => outcome === 'answered 0' && here.streams[Number(id)] === 'answered 1',
    ),
};

test('the same answers and classes of errors as node:http2', async () => {
  const unlike: string[] = [];
  let equal = 0;
  for (let seed = 0; seed < sessions; seed++) {
    const random = createRandom(seed);
    let input = bend(session, random);
    if (seed % 2 === 0) input = bend(input, random);
    const [here, there] = [await playHere(input), await playThere(input)];
    if (isAlike(here, there)) equal++;
    else {
      const compared = { frames: framesOf(input).frames, here, there };
      const isKnown = Object.values(differences).some(is => is(compared));
      if (!isKnown) unlike.push(`seed ${seed}: ${JSON.stringify({ here, there })}`);
    }
  }
  expect(unlike).toEqual([]);
  expect(equal).toBeGreaterThan(sessions / 2);
}, 120_000);

/** After an error of the connection it depends on the turn which answers were sent before. */
function isAlike(here: Outcome, there: Outcome): boolean {
  if (here.connection !== 'fine') return there.connection !== 'fine';
  return JSON.stringify(here) === JSON.stringify(there);
}
