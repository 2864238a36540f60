/** The greeting for a valid token, the same at the root path and over every rpc protocol. */

/** The greeting, with the time in UTC to the second. JSON keeps this order of members. */
export function hello(nowMs: number): { message: string; time: string } {
  return { message: 'Oh, Hello', time: `${new Date(nowMs).toISOString().slice(0, 19)}Z` };
}
