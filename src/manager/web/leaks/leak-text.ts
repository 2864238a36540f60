/** What leaked and what was done about it, in words. */

import { Leak_Done as Done, type Leak, Leak_What as What } from '../../../gen/usher/v1/leaks_pb.ts';

/** What leaked. */
export function sayWhat({ what }: Leak): string {
  if (what === What.JWT) return 'A JWT';
  if (what === What.SECRET_KEY) return 'The secret key';
  return what === What.ADMIN_TOKEN ? 'The admin token' : 'The token';
}

/** What was done, as a sentence. */
export function sayDone({ what, done, problem }: Leak): string {
  if (what === What.ADMIN_TOKEN) return `Usher cannot revoke it: ${problem}.`;
  if (done === Done.FAILED) return `It could not be revoked: ${problem}.`;
  if (done === Done.FLAGGED)
    return 'It still works, since the policy of this server is to flag leaks.';
  return what === What.JWT
    ? 'It was revoked; the access token stays active.'
    : 'The access token was revoked.';
}

/** The tone of what was done: whether someone must act. */
export function toneOf({ done }: Leak): 'good' | 'bad' {
  return done === Done.REVOKED ? 'good' : 'bad';
}

/** Who reported it. */
export function sayReporter(reporter: string): string {
  return reporter === 'github' ? "GitHub's secret scanning" : 'a scanner';
}
