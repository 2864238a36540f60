/** JSON values by what makes them large. */

const list = <T>(length: number, entry: (n: number) => T): T[] =>
  Array.from({ length }, (_, n) => entry(n));

/** Values as the claims of a JWT, some chosen to take as much as they can. */
export const shapes: Record<string, (n: number) => unknown> = {
  'usual claims': n => ({
    ...{ iss: 'https://issuer.example', sub: `user-${n}`, aud: ['api', 'shop'] },
    ...{ exp: 4e9 + n, iat: 17e8 + n, jti: `${n}-0123456789`, scope: 'read write' },
    ...{ email: `user-${n}@example.com`, roles: ['admin', 'billing'] },
  }),
  'a long string': n => [`${n}${'x'.repeat(5000)}`],
  'a long string of two bytes a character': n => [`${n}${'x'.repeat(5000)}Ж`],
  'many short strings': n => list(900, at => `${n}-${at}`),
  'small numbers': n => [n, ...list(2800, at => at % 10)],
  'numbers among strings': n => [n, ...list(1000, at => (at % 2 === 0 ? at + 0.5 : 'x'))],
  'empty lists': n => [n, ...list(1900, () => [])],
  'empty objects': n => [n, ...list(1900, () => ({}))],
  'deep lists': n => [n, ...list(90, () => JSON.parse(`${'['.repeat(29)}${']'.repeat(29)}`))],
  'names that occur once': n => Object.fromEntries(list(500, at => [`k${n}-${at}`, 1] as const)),
  'objects with a name that occurs once': n => list(300, at => ({ [`k${n}-${at}`]: 1 })),
};
