/** What keeps the rows of the part "engine" from more, and what was tried; printed below its notes. */

/** One entry for each kind of row. */
export const inTheWay: readonly string[] = [
  '**A flood of bad tokens**: good ones wait for collections of the young generation (16 MB), of some ' +
    '2 ms each, eight a second, since an unknown token takes 11 KB and garbage 4 KB (they took 14 ' +
    'and 8). With 1 MB a pause takes 0.3 to 0.6 ms, but a call 15 to 20 % more CPU time. Fewer threads ' +
    'of the collector, or one, changed nothing.',
  '**100,000 tokens**: uses are written 200 at a time and no WeakMap holds an entry for each token, which ' +
    'ended turns of 70 and 180 ms. Full collections are left, with final pauses of 20 to 50 ms.',
  '**p50 at a steady rate**: the server sleeps between calls, so this is waking up, one read and one ' +
    "write. A throw-away server without Usher's work on Node's sockets had 0.11 ms at 5,000/s and 0.07 to " +
    '0.10 ms at 20,000/s.',
  '**TLS, 64 x 1**: 64 handshakes of 0.65 ms are part of the row, 7 µs a call in the quick form and 1.4 ' +
    'in the full one. Then come encryption and write, 13 µs, and 8 full collections in 20,000 calls, of ' +
    'which plain text needs none; they start early because the heap may grow by half only. Without that ' +
    'bound of memory, 59 µs became 49.',
  "**Envoy's Check**: its 700 bytes are read and skipped field by field, and extensions that were seen " +
    'before are not decoded. What is left above Verify is the longer read and a message object.',
  '**Two workers**: batches are as long as with one (4 calls a write). Work of the load on the same core ' +
    'makes a call dearer, by half with one worker too, so both sides share their cores with it.',
];
