/**
 * A reader of JSON (RFC 8259) one character at a time: what the fast readers of Usher are compared
 * with, since it keeps what JSON.parse loses, such as members given twice.
 */

/** What a text holds. */
export type SlowJson =
  | { kind: 'object'; members: [name: string, value: SlowJson][] }
  | { kind: 'list'; entries: SlowJson[] }
  | { kind: 'text'; text: string }
  | { kind: 'number'; written: string }
  | { kind: 'literal'; value: boolean | null };

const number = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const escapes: Readonly<Record<string, string>> = {
  ...{ '"': '"', '\\': '\\', '/': '/' },
  ...{ b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' },
};
const literals = [
  ['true', true],
  ['false', false],
  ['null', null],
] as const;

class Reader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  whole(): SlowJson {
    const value = this.#value();
    if (this.#at !== this.#text.length) throw new SyntaxError('something follows');
    return value;
  }

  #value(): SlowJson {
    this.#blanks();
    const value = this.#inner();
    this.#blanks();
    return value;
  }

  #inner(): SlowJson {
    if (this.#has('{')) return { kind: 'object', members: this.#members() };
    if (this.#has('[')) return { kind: 'list', entries: this.#entries() };
    if (this.#text[this.#at] === '"') return { kind: 'text', text: this.#string() };
    for (const [word, value] of literals) if (this.#has(word)) return { kind: 'literal', value };
    number.lastIndex = this.#at;
    const written = number.exec(this.#text)?.[0];
    if (written === undefined) throw new SyntaxError('no value');
    this.#at += written.length;
    return { kind: 'number', written };
  }

  #members(): [string, SlowJson][] {
    const members: [string, SlowJson][] = [];
    this.#blanks();
    if (this.#has('}')) return members;
    for (;;) {
      this.#blanks();
      const name = this.#string();
      this.#blanks();
      this.#need(':');
      members.push([name, this.#value()]);
      if (this.#has('}')) return members;
      this.#need(',');
    }
  }

  #entries(): SlowJson[] {
    const entries: SlowJson[] = [];
    this.#blanks();
    if (this.#has(']')) return entries;
    for (;;) {
      entries.push(this.#value());
      if (this.#has(']')) return entries;
      this.#need(',');
    }
  }

  #string(): string {
    this.#need('"');
    let text = '';
    while (!this.#has('"')) {
      const character = this.#text[this.#at++];
      if (character === undefined || character < ' ') throw new SyntaxError('a string without end');
      text += character === '\\' ? this.#escaped() : character;
    }
    return text;
  }

  #escaped(): string {
    const letter = this.#text[this.#at++] ?? '';
    if (letter !== 'u') {
      if (!Object.hasOwn(escapes, letter)) throw new SyntaxError('an escape that there is not');
      return escapes[letter] as string;
    }
    const hex = this.#text.slice(this.#at, this.#at + 4);
    if (!/^[0-9a-fA-F]{4}$/.test(hex)) throw new SyntaxError('an escape cut short');
    this.#at += 4;
    return String.fromCharCode(Number.parseInt(hex, 16));
  }

  #blanks(): void {
    while (/^[ \t\n\r]$/.test(this.#text[this.#at] ?? '')) this.#at++;
  }

  #has(word: string): boolean {
    if (!this.#text.startsWith(word, this.#at)) return false;
    this.#at += word.length;
    return true;
  }

  #need(word: string): void {
    if (!this.#has(word)) throw new SyntaxError(`no ${word}`);
  }
}

/** Reads a text; undefined if it is not JSON. */
export function readSlowly(text: string): SlowJson | undefined {
  try {
    return new Reader(text).whole();
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** The value and all in it. */
function allIn(value: SlowJson): SlowJson[] {
  if (value.kind === 'object') return [value, ...value.members.flatMap(([, each]) => allIn(each))];
  return value.kind === 'list' ? [value, ...value.entries.flatMap(allIn)] : [value];
}

/** Whether an object has a member twice, at any depth. */
export function hasRepeated(value: SlowJson): boolean {
  return allIn(value).some(
    each =>
      each.kind === 'object' &&
      new Set(each.members.map(([name]) => name)).size < each.members.length,
  );
}

/** How deep arrays and objects are nested. */
export function depthOf(value: SlowJson): number {
  if (value.kind === 'object') return 1 + deepest(value.members.map(([, each]) => each));
  return value.kind === 'list' ? 1 + deepest(value.entries) : 0;
}

function deepest(values: readonly SlowJson[]): number {
  return Math.max(0, ...values.map(depthOf));
}

/** All texts, names of members among them. */
export function textsIn(value: SlowJson): string[] {
  return allIn(value).flatMap(each => {
    if (each.kind === 'object') return each.members.map(([name]) => name);
    return each.kind === 'text' ? [each.text] : [];
  });
}

/** All numbers as they are written. */
export function numbersIn(value: SlowJson): string[] {
  return allIn(value).flatMap(each => (each.kind === 'number' ? [each.written] : []));
}
