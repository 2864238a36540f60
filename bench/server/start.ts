/** Measures how fast Usher starts, and its memory after the start. */

import { residentMb } from '../load.ts';
import { startUsher } from '../processes.ts';
import { atMost, median, type Row } from '../row.ts';

const starts = 5;

/** The rows of the part "start". */
export async function startRows(): Promise<Row[]> {
  const timesMs: number[] = [];
  const residents: number[] = [];
  for (let n = 0; n < starts; n++) {
    const usher = await startUsher();
    timesMs.push(usher.startMs);
    residents.push(residentMb(usher.pid));
    await usher.stop();
  }
  return [
    atMost('start to ready', median(timesMs), 1000, 'ms'),
    atMost('resident memory, idle, one worker, LMDB', median(residents), 150, 'MB'),
  ];
}
