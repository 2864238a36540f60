/** Names the codes of the proto in words. */

/** The values of an enum by number, in lower case with spaces: "secret key" for SECRET_KEY. */
export function namesOf(codes: Record<string, number>): Map<number, string> {
  const words = (name: string) => name.toLowerCase().replaceAll('_', ' ');
  return new Map(Object.entries(codes).map(([name, code]) => [code, words(name)]));
}
