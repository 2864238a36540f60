/** Badges for the state and the kind of an access token. */

import { Kind, State } from '../../../gen/usher/v1/access_token_pb.ts';

/** The state: active, expired or revoked. */
export function StateBadge({ state }: { state: State }) {
  const [word, tone] = sayState(state);
  return (
    <span className="state" data-tone={tone}>
      {word}
    </span>
  );
}

function sayState(state: State): [word: string, tone: string] {
  if (state === State.ACTIVE) return ['Active', 'good'];
  if (state === State.EXPIRED) return ['Expired', 'warn'];
  return state === State.REVOKED ? ['Revoked', 'bad'] : ['Unknown', 'quiet'];
}

/** The kind: static or jwt. */
export function KindBadge({ kind }: { kind: Kind }) {
  return <span className="kind">{kind === Kind.JWT ? 'jwt' : 'static'}</span>;
}
