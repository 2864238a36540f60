/**
 * Puts the processes of a measurement of latency in front of all others, by the real-time scheduler
 * (sched(7)), where the user may do so: then other programs of the machine hardly count.
 */

import { spawnSync } from 'node:child_process';

const first = ['chrt', '--fifo', '10'];

/** Whether the user may; root may. */
export const mayOrder = spawnSync(first[0] as string, [...first.slice(1), 'true']).status === 0;

/** What precedes the command of a program that is to run in front; nothing if the user may not. */
export const ordered: readonly string[] = mayOrder ? first : [];

/** Runs a task while some processes, with all of their threads, run in front of all others. */
export async function inFront<T>(pids: readonly number[], task: () => Promise<T>): Promise<T> {
  order(pids, '--fifo', 10);
  try {
    return await task();
  } finally {
    order(pids, '--other', 0);
  }
}

function order(pids: readonly number[], policy: string, priority: number): void {
  if (!mayOrder) return;
  for (const pid of pids) {
    const args = ['--all-tasks', policy, '--pid', String(priority), String(pid)];
    const { status, stderr } = spawnSync('chrt', args, { encoding: 'utf8' });
    if (status !== 0) throw new Error(`chrt: ${stderr}`);
  }
}
