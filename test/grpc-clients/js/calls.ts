/** What the clients in TypeScript have in common: the names of the calls, and how they are reported. */

/** The calls of README.md, in their order. */
export type Calls = Readonly<Record<string, () => Promise<void>>>;

/** The longest that a call may take, in milliseconds. */
export const callMs = 10_000;
/** How long calls are made while connections reach their age, in milliseconds. */
export const ageMs = 4_000;
/** The length of a long header, in bytes. */
export const bigBytes = 3_000_000;
/** How many tokens a batch has. */
export const batchSize = 256;
/** How many messages a stream has. */
export const streamSize = 1_000;

/** A variable of the environment. Throws if it is missing. */
export function variable(name: string): string {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is missing`);
  return value;
}

/** Makes the calls one after the other, and prints what came of each. */
export async function report(calls: Calls): Promise<void> {
  for (const [call, make] of Object.entries(calls)) {
    try {
      await make();
      say({ call, ok: true });
    } catch (error) {
      say({ call, ok: false, why: String(error) });
    }
  }
}

/** Prints a line. */
export function say(outcome: Readonly<Record<string, unknown>>): void {
  console.log(JSON.stringify(outcome));
}

/** Throws unless it holds. */
export function check(holds: boolean, text: string): void {
  if (!holds) throw new Error(text);
}

/** Makes calls by eight callers while connections reach their age. */
export async function callForAWhile(verify: () => Promise<void>): Promise<void> {
  const end = performance.now() + ageMs;
  const caller = async () => {
    while (performance.now() < end) await verify();
  };
  await Promise.all(Array.from({ length: 8 }, caller));
}

/** Waits for a restart of the server, and calls until it answers. */
export async function callAfterRestart(
  verify: () => Promise<void>,
  isUnavailable: (error: unknown) => boolean,
): Promise<void> {
  say({ waits: 'restart' });
  await new Promise(resolve => process.stdin.once('data', resolve));
  process.stdin.pause();
  const end = performance.now() + callMs;
  for (;;) {
    try {
      return await verify();
    } catch (error) {
      if (!isUnavailable(error) || performance.now() > end) throw error;
      await new Promise(resolve => setTimeout(resolve, 50));
    }
  }
}
