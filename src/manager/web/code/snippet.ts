/** One piece of code to paste, and what fills it in. */

/** What the code is filled in with. */
export interface Filling {
  /** UUID of the access token. */
  id: string;
  /** The token or secret, while it is shown. */
  secret?: string | undefined;
  http: string;
  grpc: string;
}

/** A piece of code. */
export interface Snippet {
  id: string;
  title: string;
  language: 'bash' | 'go' | 'javascript' | 'nginx' | 'python' | 'ruby' | 'yaml';
  /** A few words above it. */
  note: string;
  code: string;
}

/** A text as one word of a POSIX shell. */
export function shellWord(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
