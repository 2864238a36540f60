/** Addresses that servers listen on are not always addresses that clients can use. */

const everyInterface = ['', '*', '0.0.0.0', '[::]'];

/** A listener on every interface is reached by the name that this page was reached by. */
export function reachable(listener: string, hostname: string): string {
  const colon = listener.lastIndexOf(':');
  const isEverywhere = everyInterface.includes(listener.slice(0, colon));
  return isEverywhere ? hostname + listener.slice(colon) : listener;
}
