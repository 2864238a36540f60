/** Turns an address that the server listens on into one that clients can use. */

const everyInterface = ['', '*', '0.0.0.0', '[::]'];

/** `listener` ("host:port"), with `hostname` as the host if it listens on every interface. */
export function reachable(listener: string, hostname: string): string {
  const colon = listener.lastIndexOf(':');
  const isEverywhere = everyInterface.includes(listener.slice(0, colon));
  return isEverywhere ? hostname + listener.slice(colon) : listener;
}
