/** Faults of Usher's own processes, on every store. */

import { type UsherProcess, workerPids } from '../../server/usher-process.ts';
import type { World } from '../world.ts';
import type { Fault } from './fault.ts';

const signalAll = async (usher: UsherProcess, signal: NodeJS.Signals) => {
  for (const pid of await workerPids(usher)) process.kill(pid, signal);
  usher.child.kill(signal);
};

/** Faults of a whole replica. */
export const usherFaults: Fault[] = [
  {
    name: 'usher-kill',
    what: 'one Usher is killed (SIGKILL) and started again',
    async begin({ ushers }, random) {
      const usher = random.pick(ushers);
      await usher.kill();
      return usher.start;
    },
  },
  {
    name: 'usher-stop',
    what: 'one Usher stands still (SIGSTOP) for 2.5 leases',
    lastsMs: 2500,
    async begin({ ushers }, random) {
      const usher = random.pick(ushers);
      await signalAll(usher, 'SIGSTOP');
      return () => signalAll(usher, 'SIGCONT');
    },
  },
  {
    name: 'usher-term',
    what: 'one Usher is stopped in order (SIGTERM) under load and started again',
    async begin({ ushers }, random) {
      const usher = random.pick(ushers);
      const code = await usher.stop();
      if (code !== 0) throw new Error(`its exit code is ${code}`);
      return usher.start;
    },
  },
  {
    name: 'usher-clock',
    what: 'the wall clock of one Usher is an hour ahead, then an hour behind',
    async begin({ ushers }, random) {
      const usher = random.pick(ushers);
      await signalAll(usher, 'SIGUSR2');
      await new Promise(resolve => setTimeout(resolve, 1500));
      await signalAll(usher, 'SIGUSR2');
      return () => signalAll(usher, 'SIGUSR2');
    },
  },
];

const aWorker = async ({ ushers: [usher] }: World): Promise<number> => {
  const [pid] = usher === undefined ? [] : await workerPids(usher);
  if (pid === undefined) throw new Error('no worker');
  return pid;
};

/** Faults of one worker of a server with two. */
export const workerFaults: Fault[] = [
  {
    name: 'worker-kill',
    what: 'one of two workers is killed (SIGKILL)',
    isShort: true,
    async begin(world) {
      process.kill(await aWorker(world), 'SIGKILL');
      return () => undefined;
    },
  },
  {
    name: 'worker-stop',
    what: 'one of two workers stands still (SIGSTOP) for 2.5 leases',
    lastsMs: 2500,
    async begin(world) {
      const pid = await aWorker(world);
      process.kill(pid, 'SIGSTOP');
      return () => process.kill(pid, 'SIGCONT');
    },
  },
];
