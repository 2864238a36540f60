/**
 * Puts the client of a measurement of latency in front of all other programs, by the real-time
 * scheduler (sched(7)), where the user may do so: then the client is hardly ever late. Servers stay
 * where they are: on one core under that scheduler, Node takes up to twice the CPU.
 */

import { spawnSync } from 'node:child_process';

const first = ['chrt', '--fifo', '10'];

/** Whether the user may; root may. */
export const mayOrder = spawnSync(first[0] as string, [...first.slice(1), 'true']).status === 0;

/** What precedes the command of a program that is to run in front; nothing if the user may not. */
export const ordered: readonly string[] = mayOrder ? first : [];
