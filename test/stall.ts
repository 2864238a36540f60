/** Stops this process' event loop for a while, as SIGSTOP or a long garbage collection does. */

const nothing = new Int32Array(new SharedArrayBuffer(4));

export function stall(ms: number): void {
  Atomics.wait(nothing, 0, 0, ms);
}
