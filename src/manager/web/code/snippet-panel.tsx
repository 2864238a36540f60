/** A panel of code to paste for one access token. */

import { Box, Group, NativeSelect, Skeleton, Tabs, Text } from '@mantine/core';
import { lazy, Suspense, useState } from 'react';
import type { AccessToken } from '../../../gen/usher/v1/access_token_pb.ts';
import { CopyIcon } from '../ui/copy.tsx';
import { useAddresses } from './addresses.ts';
import type { Snippet } from './snippet.ts';
import { snippetsFor } from './snippets.ts';

const HighlightedCode = lazy(() => import('./highlighted-code.tsx'));

/** Code in many languages; only shell lines hold the `secret`, if it is given. */
export function SnippetPanel({ token, secret }: { token: AccessToken; secret?: string }) {
  const addresses = useAddresses();
  const [shown, setShown] = useState('curl');
  const snippets = snippetsFor(token.kind, { id: token.id, secret, ...addresses });
  return (
    <div className="card snippets">
      <Tabs
        value={shown}
        onChange={value => setShown(value ?? 'curl')}
        variant="pills"
        keepMounted={false}
      >
        <Tabs.List aria-label="Language" visibleFrom="sm" className="snippet-tabs">
          {snippets.map(snippet => (
            <Tabs.Tab key={snippet.id} value={snippet.id}>
              {snippet.title}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        <Box hiddenFrom="sm" p="sm">
          <NativeSelect
            aria-label="Language"
            value={shown}
            onChange={event => setShown(event.currentTarget.value)}
            data={snippets.map(snippet => ({ value: snippet.id, label: snippet.title }))}
          />
        </Box>
        {snippets.map(snippet => (
          <Tabs.Panel key={snippet.id} value={snippet.id}>
            <Code snippet={snippet} />
          </Tabs.Panel>
        ))}
      </Tabs>
    </div>
  );
}

function Code({ snippet }: { snippet: Snippet }) {
  const { title, note, language, code, variables } = snippet;
  return (
    <>
      {variables && (
        <Block
          title={title}
          note="First, in the shell that runs it:"
          language="bash"
          code={variables}
          what="variables"
        />
      )}
      <Block title={title} note={note} language={language} code={code} what="code" />
    </>
  );
}

function Block(props: {
  title: string;
  note: string;
  language: Snippet['language'];
  code: string;
  what: 'code' | 'variables';
}) {
  const { title, note, language, code, what } = props;
  return (
    <>
      <Group justify="space-between" wrap="nowrap" px="md" pt="xs" align="center">
        <Text size="sm" c="dimmed">
          {note}
        </Text>
        <CopyIcon value={code} what={`the ${title} ${what}`} />
      </Group>
      <Suspense fallback={<Skeleton h={160} m="md" w="auto" />}>
        <HighlightedCode code={code} language={language} label={`${title} ${what}`} />
      </Suspense>
    </>
  );
}
