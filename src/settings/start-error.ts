/** The error of a server that cannot start, although its settings are valid. */

/** The message tells the operator what prevents the start, and what to do. */
export class StartError extends Error {
  override readonly name = 'StartError';
}
