/** Calls LeakService with plain values. */

import { timestampDate } from '@bufbuild/protobuf/wkt';
import {
  Leak_Done as Done,
  type Leak as Message,
  Leak_What as What,
} from '../gen/usher/v1/leaks_pb.ts';
import { type AccessToken, accessToken } from './access-token.ts';
import { namesOf } from './code-names.ts';
import { type Admin, call } from './connect.ts';

const whats = namesOf(What);
const dones = namesOf(Done);

/** A credential that was reported as leaked. */
export interface Leak {
  id: string;
  /** "token", "secret key", "jwt" or "admin token". */
  what: string;
  /** "revoked", "flagged" or "failed". */
  done: string;
  /** Why it failed, or what to do; absent for nothing. */
  problem?: string;
  /** Absent for the admin token. */
  accessToken?: AccessToken;
  /** Where it was found. `time` is in ISO 8601. */
  findings: { time: string; reporter: string; source: string; url: string }[];
  /** ISO 8601; absent while it needs someone. */
  dismissTime?: string;
  dismissedBy?: string;
  dismissNote?: string;
}

/** Lists leaks, the latest report first. Throws AdminError. */
export async function listLeaks(
  { leaks }: Admin,
  query: { tokenId?: string; withDismissed?: boolean },
): Promise<Leak[]> {
  const answer = await call(() => leaks.listLeaks(query));
  return answer.leaks.map(leakOf);
}

/** Notes that someone took care of a leak. Throws AdminError. */
export async function dismissLeak({ leaks }: Admin, id: string, note: string): Promise<Leak> {
  const { leak } = await call(() => leaks.dismissLeak({ id, note }));
  if (leak === undefined) throw new Error('the answer holds no leak');
  return leakOf(leak);
}

function leakOf(message: Message): Leak {
  const { id, what, done, problem, findings, dismissTime, dismissedBy, dismissNote } = message;
  return {
    ...{ id, what: whats.get(what) ?? '', done: dones.get(done) ?? '' },
    ...(problem && { problem }),
    ...(message.accessToken && { accessToken: accessToken(message.accessToken) }),
    findings: findings.map(({ time, reporter, source, url }) => ({
      time: time === undefined ? '' : timestampDate(time).toISOString(),
      ...{ reporter, source, url },
    })),
    ...(dismissTime && { dismissTime: timestampDate(dismissTime).toISOString(), dismissedBy }),
    ...(dismissNote && { dismissNote }),
  };
}
