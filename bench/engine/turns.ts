/** Runs measurements in turn, so that what disturbs the machine disturbs all of them. */

/** How much to measure. */
export interface Effort {
  /** Rounds that count. */
  rounds: number;
  /** The share of the calls, or of the seconds, of a full run: from 0 to 1. */
  share: number;
}

/** The effort of a full run, and of a quick one. */
export const efforts = {
  full: { rounds: 5, share: 1 },
  quick: { rounds: 3, share: 0.2 },
} satisfies Record<string, Effort>;

/** Runs every task once per round, after one round that is not counted; what each returned. */
export async function inTurns<K, V>(
  { rounds }: Effort,
  tasks: ReadonlyMap<K, () => Promise<V>>,
): Promise<Map<K, V[]>> {
  const outcomes = new Map<K, V[]>([...tasks.keys()].map(key => [key, []]));
  for (let round = -1; round < rounds; round++) {
    for (const [key, task] of tasks) {
      const outcome = await task();
      if (round >= 0) outcomes.get(key)?.push(outcome);
    }
    process.stderr.write('.');
  }
  return outcomes;
}
