/** An access token that was found: what matched, its state and last use, and buttons to end it. */

import { Anchor, Button, Group, Text, Title } from '@mantine/core';
import { IconBan, IconExternalLink, IconFileOff } from '@tabler/icons-react';
import { type ReactNode, useState } from 'react';
import { Link } from 'wouter';
import {
  type AccessToken,
  Kind,
  type LookupResponse_Match,
  LookupResponse_MatchedBy as MatchedBy,
  State,
} from '../../../gen/usher/v1/access_token_pb.ts';
import { useSession } from '../session.ts';
import { RevokeDialog } from '../token/revoke-dialog.tsx';
import { Chips } from '../ui/chips.tsx';
import { KindBadge, StateBadge } from '../ui/state-badge.tsx';
import { When } from '../ui/when.tsx';
import { RevokeJwtDialog } from './revoke-jwt-dialog.tsx';

const isWhole = (by: MatchedBy) =>
  by === MatchedBy.CURRENT_SECRET || by === MatchedBy.PREVIOUS_SECRET;

/** What the text is of the access token that was found. */
function meaningOf(by: MatchedBy, kind: Kind): string {
  const what = kind === Kind.JWT ? 'a JWT' : 'the token';
  switch (by) {
    case MatchedBy.ID:
      return 'This is the id of an access token, which is no secret.';
    case MatchedBy.CURRENT_SECRET:
      return kind === Kind.JWT
        ? 'This is a JWT that its secret key signed.'
        : 'This is its token. Anyone who has it can use it.';
    case MatchedBy.PREVIOUS_SECRET:
      return `This is ${what} of its previous secret, which works until the grace of the rotation ends.`;
    case MatchedBy.PART:
      return 'This names the access token, but is refused: it is incomplete, of an earlier secret, or forged.';
    case MatchedBy.SECRET_KEY:
      return 'This is its secret key. Anyone who has it can sign JWTs.';
    case MatchedBy.REVOKED_JTI:
      return 'This is the jti of a JWT that was revoked.';
    case MatchedBy.REVOKED_SUBJECT:
      return 'This is a subject whose JWTs were revoked.';
    default:
      return 'This belongs to it.';
  }
}

/** The card of a match. `text` is what was searched for; `onChanged` is called after a revocation. */
export function MatchCard(props: {
  match: LookupResponse_Match;
  text: string;
  onChanged: () => void;
}) {
  const { accessToken: token, matchedBy } = props.match;
  const { mayChange } = useSession();
  const [open, setOpen] = useState<'token' | 'jwt'>();
  if (token === undefined) return null;
  const close = () => {
    setOpen(undefined);
    props.onChanged();
  };
  const mayEnd = mayChange && token.state !== State.REVOKED;
  return (
    <article className="card padded" aria-label={token.name}>
      <Text mb="sm">{meaningOf(matchedBy, token.kind)}</Text>
      <Group gap="sm" mb="sm">
        <Title order={2} size="h4" className="match-name">
          <Anchor component={Link} href={`/tokens/${token.id}`} inherit underline="always">
            {token.name}
          </Anchor>
        </Title>
        <KindBadge kind={token.kind} />
        <StateBadge state={token.state} />
      </Group>
      <Facts token={token} />
      <Group mt="md" gap="xs">
        <Button
          component={Link}
          href={`/tokens/${token.id}`}
          variant="default"
          leftSection={<IconExternalLink size={16} aria-hidden />}
        >
          Open
        </Button>
        {mayEnd && token.kind === Kind.JWT && isWhole(matchedBy) && (
          <Button
            variant="default"
            leftSection={<IconFileOff size={16} aria-hidden />}
            onClick={() => setOpen('jwt')}
          >
            Revoke this JWT alone
          </Button>
        )}
        {mayEnd && (
          <Button
            className="danger-outline"
            variant="outline"
            leftSection={<IconBan size={16} aria-hidden />}
            onClick={() => setOpen('token')}
          >
            Revoke the access token
          </Button>
        )}
      </Group>
      {open === 'token' && <RevokeDialog token={token} onClose={close} />}
      {open === 'jwt' && <RevokeJwtDialog token={token} jwt={bare(props.text)} onClose={close} />}
    </article>
  );
}

function Facts({ token }: { token: AccessToken }) {
  return (
    <dl className="details">
      <Fact name={token.kind === Kind.JWT ? 'kid' : 'UUID'} value={<code>{token.id}</code>} />
      <Fact name="Owner" value={token.owner || 'none'} />
      <Fact name="Scopes" value={<Chips words={token.scopes} none="none" />} />
      <Fact name="Last used" value={<When time={token.lastUsedTime} />} />
      <Fact name="Expires" value={<When time={token.expireTime} />} />
      {token.state === State.REVOKED && (
        <Fact name="Revoked" value={<When time={token.revokeTime} />} />
      )}
      {token.revokeReason && <Fact name="Reason" value={token.revokeReason} />}
    </dl>
  );
}

function Fact({ name, value }: { name: string; value: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}

/** The JWT without what people copy along. */
function bare(text: string): string {
  return text
    .trim()
    .replace(/^authorization:/i, '')
    .trim()
    .replace(/^bearer\s+/i, '')
    .replace(/^(["'`])(.*)\1$/s, '$2')
    .trim();
}
