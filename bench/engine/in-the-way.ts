/** Why some rows of the part "engine" miss their goal, and what was tried; printed below its notes. */

/** One entry for each kind of row. */
export const inTheWay: readonly string[] = [
  "**Static tokens, 64 x 1, and those of grpc-go's client**: around the goal from run to run; the rounds " +
    'differ by more than what is missing.',
  '**A flood of bad tokens** (met now): good calls wait while V8 collects young objects: 2 ms each time, ' +
    'eight times a second. An unknown token takes 11 KB and garbage 4 KB (14 and 8 before). With 1 MB for young ' +
    'objects in place of 16, a pause is 0.3 to 0.6 ms, but a call takes 15 to 20 % more CPU time. Fewer ' +
    'threads for the collector changed nothing.',
  '**100,000 tokens**: full collections remain, whose last pauses take 20 to 50 ms. Gone are pauses of 70 ' +
    'and 180 ms: uses are written 200 at a time, and no WeakMap has an entry per token.',
  '**p50 at a steady rate**: the server sleeps between calls, so a call costs waking up, a read and a ' +
    "write. A throw-away server on Node's sockets, without Usher's work, took 0.11 ms at 5,000/s and 0.07 " +
    'to 0.10 ms at 20,000/s: half of grpc-go is out of reach.',
  '**TLS, 4 x 16**: 1.27 in another run, and 1.01 to 1.65 in the rounds of this one.',
  '**TLS, 64 x 1**: the 64 handshakes, of 0.65 ms each, are part of the row: 7 µs a call in the quick form, ' +
    '1.4 in the full one. Encryption and the write take 13 µs. 20,000 calls need 8 full collections, and ' +
    'none in plain text, because the heap may grow by only half; without that bound, 59 µs became 49.',
  "**Envoy's Check** (met now): the request has 700 bytes, which are read field by field without decoding what is " +
    'not needed, and extensions seen before are not decoded again. The longer read and an object for the ' +
    'message remain.',
  '**x grpc-js**: `@grpc/grpc-js` is a stock server since decision 0049. Before, calls were taken off its ' +
    'sessions, which halved its cost: beside that one, first sight on Redis was 0.33 to 0.59 x.',
  '**Two workers**: each writes as many answers at once as one alone (4). The load runs on the same two ' +
    'cores, which makes a call dearer by half, also with one worker.',
];
