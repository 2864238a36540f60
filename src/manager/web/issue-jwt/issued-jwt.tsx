/** Shows a JWT that was just issued, and how to send it. */

import { Anchor, Button, Group, Stack, Text, Title } from '@mantine/core';
import { useState } from 'react';
import { Link } from 'wouter';
import type { IssueJwtResponse } from '../../../gen/usher/v1/verifier_pb.ts';
import { useAddresses } from '../code/addresses.ts';
import { CopyButton, CopyIcon } from '../ui/copy.tsx';
import { useLeaveGuard } from '../ui/leave-guard.ts';
import { Exactly } from '../ui/when.tsx';

/** The JWT with its jti and expiry; on `onDone` the parent must drop it. */
export function IssuedJwt(props: {
  issued: IssueJwtResponse;
  tokenId: string;
  onDone: () => void;
}) {
  const { jwt, jti, exp } = props.issued;
  const { http } = useAddresses();
  const [isCopied, setCopied] = useState(false);
  useLeaveGuard(
    isCopied ? undefined : 'The JWT is shown only now, and you have not copied it yet.',
  );
  const curl = `curl -H 'Authorization: Bearer ${jwt}' ${http}/`;
  return (
    <div className="card padded reveal">
      <Title order={2} size="h4">
        JWT issued
      </Title>
      <Text size="sm" c="dimmed" mb="md">
        Valid until <Exactly date={new Date(Number(exp) * 1000)} />.
      </Text>
      <code className="secret" data-testid="jwt">
        {jwt}
      </code>
      <Group mt="md" mb="lg">
        <CopyButton value={jwt} what="JWT" onCopied={() => setCopied(true)} />
        <Group gap={4}>
          <Text size="sm">Copy as curl</Text>
          <CopyIcon value={curl} what="as curl" />
        </Group>
      </Group>
      <Stack gap={4}>
        <Group gap={6}>
          <Text size="sm" c="dimmed">
            jti
          </Text>
          <code className="kid" data-testid="jti">
            {jti}
          </code>
          <CopyIcon value={jti} what="jti" />
        </Group>
        <Text size="sm" c="dimmed">
          Store the jti if you may have to revoke this JWT alone. You can do that on{' '}
          <Anchor component={Link} href={`/tokens/${props.tokenId}`} size="sm" underline="always">
            the page of its access token
          </Anchor>
          .
        </Text>
      </Stack>
      <Group justify="flex-end" mt="md">
        <Button variant="default" onClick={props.onDone}>
          Done
        </Button>
      </Group>
    </div>
  );
}
