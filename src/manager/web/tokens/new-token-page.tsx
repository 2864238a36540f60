/** The page that creates an access token, and then shows its secret once. */

import { useMutation } from '@connectrpc/connect-query';
import { Button, Group, Radio, SimpleGrid, Stack, Text } from '@mantine/core';
import { useForm } from '@mantine/form';
import { IconBraces, IconServer } from '@tabler/icons-react';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { Link, useLocation } from 'wouter';
import {
  type AccessToken,
  AccessTokenService,
  Kind,
} from '../../../gen/usher/v1/access_token_pb.ts';
import { useSession } from '../session.ts';
import { Reveal } from '../token/reveal.tsx';
import { ErrorPanel } from '../ui/error-panel.tsx';
import { useLeaveGuard } from '../ui/leave-guard.ts';
import { PageHeader } from '../ui/page-header.tsx';
import { useRequestId } from '../ui/use-request-id.ts';
import { noLimits } from './limit-form.ts';
import { useServerErrors } from './server-errors.ts';
import { TokenFields } from './token-fields.tsx';
import { emptyForm, fieldsOf, focusFirst, validate } from './token-form.ts';

const kinds = [
  {
    kind: Kind.STATIC,
    icon: IconServer,
    title: 'Static token',
    text: 'For servers. The client sends one string.',
  },
  {
    kind: Kind.JWT,
    icon: IconBraces,
    title: 'JWT key',
    text: 'For browsers and apps. Your server signs short-lived JWTs with a secret key and a kid.',
  },
];

/** The page: first the form, then the secret. */
export default function NewTokenPage() {
  const [made, setMade] = useState<{ token: AccessToken; secret: string }>();
  const [, navigate] = useLocation();
  if (!made) return <NewToken onMade={setMade} />;
  return (
    <Reveal
      token={made.token}
      secret={made.secret}
      onDone={() => {
        setMade(undefined);
        navigate(`/tokens/${made.token.id}`, { replace: true });
      }}
    />
  );
}

/** Static tokens have no subject. */
const countedTogether = { ratePer: noLimits.ratePer, quotaPer: noLimits.quotaPer };

function NewToken(props: { onMade: (made: { token: AccessToken; secret: string }) => void }) {
  const { owners = [''] } = useSession();
  const [owner = ''] = owners;
  const [kind, setKind] = useState<Kind>(Kind.STATIC);
  const form = useForm({ initialValues: { ...emptyForm, owner }, validate });
  const create = useMutation(AccessTokenService.method.create);
  const requestId = useRequestId();
  const queryClient = useQueryClient();
  useServerErrors(form, create.error);
  useLeaveGuard(form.isDirty() ? 'What you typed here would be lost.' : undefined);

  async function submit(values: typeof form.values) {
    const fields = fieldsOf(
      kind === Kind.JWT
        ? { ...values, grantableScopes: [] }
        : { ...values, audiences: [], lifetimeSeconds: undefined, ...countedTogether },
    );
    const answer = await create.mutateAsync({
      kind,
      ...fields,
      requestId: requestId.of({ kind, fields }),
    });
    requestId.done();
    create.reset();
    void queryClient.invalidateQueries({ queryKey: ['connect-query'] });
    if (answer.accessToken) {
      props.onMade({ token: answer.accessToken, secret: answer.token || answer.secret });
    }
  }

  return (
    <>
      <PageHeader title="New access token" text="You will see its secret only once." />
      <form
        onSubmit={form.onSubmit(
          values => void submit(values).catch(() => undefined),
          focusFirst(form),
        )}
        noValidate
      >
        <Stack maw={680} gap="lg">
          <KindChoice kind={kind} onChange={setKind} />
          <div className="card padded">
            <TokenFields form={form} kind={kind} />
          </div>
          {create.isError && <ErrorPanel error={create.error} />}
          <Group>
            <Button type="submit" loading={create.isPending}>
              Create access token
            </Button>
            <Button component={Link} href="/" variant="subtle" color="gray">
              Cancel
            </Button>
          </Group>
        </Stack>
      </form>
    </>
  );
}

function KindChoice({ kind, onChange }: { kind: Kind; onChange: (kind: Kind) => void }) {
  return (
    <Radio.Group
      label="Kind"
      value={String(kind)}
      onChange={value => onChange(value === String(Kind.JWT) ? Kind.JWT : Kind.STATIC)}
    >
      <SimpleGrid cols={{ base: 1, sm: 2 }} mt={6}>
        {kinds.map(choice => (
          <Radio.Card key={choice.kind} value={String(choice.kind)} className="choice" p="md">
            <Group wrap="nowrap" align="flex-start">
              <choice.icon className="choice-icon" size={22} stroke={1.6} aria-hidden />
              <div>
                <Text fw={600}>{choice.title}</Text>
                <Text size="sm" c="dimmed">
                  {choice.text}
                </Text>
              </div>
            </Group>
          </Radio.Card>
        ))}
      </SimpleGrid>
    </Radio.Group>
  );
}
