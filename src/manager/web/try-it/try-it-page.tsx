/** Verifies a header and explains the verdict. */

import { useMutation } from '@connectrpc/connect-query';
import { Button, Grid, Group, Stack, TagsInput, Text, Textarea, TextInput } from '@mantine/core';
import { IconTestPipe } from '@tabler/icons-react';
import { type FormEvent, useState } from 'react';
import { VerifierService } from '../../../gen/usher/v1/verifier_pb.ts';
import { EmptyState } from '../ui/empty-state.tsx';
import { ErrorPanel } from '../ui/error-panel.tsx';
import { PageHeader } from '../ui/page-header.tsx';
import { VerdictView } from './verdict-view.tsx';

/** The page. */
export default function TryItPage() {
  const [header, setHeader] = useState('');
  const [audience, setAudience] = useState('');
  const [requiredScopes, setScopes] = useState<string[]>([]);
  const verify = useMutation(VerifierService.method.verify);

  function submit(event: FormEvent) {
    event.preventDefault();
    verify.mutate({ header: header.trim(), audience: audience.trim(), requiredScopes });
  }

  function clear() {
    setHeader('');
    verify.reset();
  }

  return (
    <>
      <PageHeader
        title="Try it"
        text="Ask for a verdict as a service would, and see how it comes about."
      />
      <Grid gap="lg">
        <Grid.Col span={{ base: 12, lg: 5 }}>
          <form onSubmit={submit} noValidate className="card padded">
            <Stack>
              <Textarea
                label="Authorization header"
                description="Its value, as a client would send it. It goes to this server alone."
                placeholder="Bearer eyJhbGciOi…"
                autosize
                minRows={4}
                maxRows={10}
                classNames={{ input: 'mono' }}
                value={header}
                onChange={event => setHeader(event.currentTarget.value)}
                autoComplete="off"
                spellCheck={false}
              />
              <TextInput
                label="Audience"
                description="Empty asks for none."
                value={audience}
                onChange={event => setAudience(event.currentTarget.value)}
              />
              <TagsInput
                label="Required scopes"
                description="All of them. Press Enter after each."
                splitChars={[',', ' ']}
                value={requiredScopes}
                onChange={setScopes}
              />
              <Group>
                <Button type="submit" loading={verify.isPending}>
                  Verify
                </Button>
                <Button variant="subtle" color="gray" onClick={clear}>
                  Clear
                </Button>
              </Group>
            </Stack>
          </form>
        </Grid.Col>
        <Grid.Col span={{ base: 12, lg: 7 }}>
          <div role="status" aria-live="polite">
            {verify.isError && <ErrorPanel error={verify.error} />}
            {verify.data && <VerdictView verdict={verify.data} />}
            {!verify.data && !verify.isError && (
              <div className="card">
                <EmptyState
                  icon={IconTestPipe}
                  title="No verdict yet"
                  text={<Text span>Paste a header and press Verify.</Text>}
                />
              </div>
            )}
          </div>
        </Grid.Col>
      </Grid>
    </>
  );
}
