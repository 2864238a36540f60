/** Waits for what no event tells. */

/** Asks again and again until it is so, or fails when it takes too long. */
export async function until(isSo: () => Promise<boolean> | boolean, whileMs = 20_000) {
  const end = Date.now() + whileMs;
  let last: unknown;
  while (Date.now() < end) {
    try {
      if (await isSo()) return;
    } catch (error) {
      last = error;
    }
    await new Promise(resolve => setTimeout(resolve, 20));
  }
  throw new Error('it did not come to be', { cause: last });
}
