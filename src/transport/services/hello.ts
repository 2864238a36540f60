/** The greeting of a good token: the same at the root path and over every rpc wire. */

/** The message and the time, in UTC to the second, members in the order that they are sent. */
export function hello(nowMs: number): { message: string; time: string } {
  return { message: 'Oh, Hello', time: `${new Date(nowMs).toISOString().slice(0, 19)}Z` };
}
