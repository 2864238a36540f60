/** Why a server cannot start although its settings can be read. */

/** The message is for the operator: what is in the way, and what to do. */
export class StartError extends Error {
  override readonly name = 'StartError';
}
