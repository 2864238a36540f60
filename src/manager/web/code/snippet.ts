/** What a piece of code to paste is, and what is filled in. */

/** The values that are filled in. */
export interface Filling {
  /** UUID of the access token. */
  id: string;
  /** The static token or secret key; undefined when it is no longer shown. */
  secret?: string | undefined;
  /** Base URL of the HTTP listener. */
  http: string;
  /** Address of the gRPC listener, as "host:port". */
  grpc: string;
}

/** A piece of code to paste. */
export interface Snippet {
  /** Unique among the snippets of one access token. */
  id: string;
  /** Name of the tab: a language, a tool or a gateway. */
  title: string;
  /** For the syntax colours. */
  language: 'bash' | 'go' | 'javascript' | 'nginx' | 'python' | 'ruby' | 'yaml';
  /** A short text above the code. */
  note: string;
  /** Shell lines that set what the code reads from its environment; absent where it reads nothing. */
  variables?: string;
  /** The code itself, ending with a line feed. */
  code: string;
}

/** The shell line that sets the variable of a token or a secret key. */
export function setVariable(name: string, secret: string | undefined): string {
  return `export ${name}=${secret === undefined ? "'…'" : shellWord(secret)}`;
}

/** A text quoted as one word of a POSIX shell. */
export function shellWord(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
