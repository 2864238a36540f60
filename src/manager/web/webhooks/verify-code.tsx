/** A panel of code that verifies events. */

import { Group, Skeleton, Tabs, Text } from '@mantine/core';
import { lazy, Suspense, useState } from 'react';
import { CopyIcon } from '../ui/copy.tsx';
import { verifySnippets } from './verify-snippets.ts';

const HighlightedCode = lazy(() => import('../code/highlighted-code.tsx'));

/** The code; only shell lines hold the `secret`, if it is given. */
export function VerifyCode({ secret }: { secret?: string }) {
  const [shown, setShown] = useState('node');
  const snippets = verifySnippets(secret);
  return (
    <div className="card snippets">
      <Tabs
        value={shown}
        onChange={value => setShown(value ?? 'node')}
        variant="pills"
        keepMounted={false}
      >
        <Tabs.List aria-label="Language" className="snippet-tabs">
          {snippets.map(({ id, title }) => (
            <Tabs.Tab key={id} value={id}>
              {title}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        {snippets.map(({ id, title, note, language, code, variables = '' }) => (
          <Tabs.Panel key={id} value={id}>
            <Block
              note="First, in the shell that runs it:"
              what={`${title} variables`}
              code={variables}
              language="bash"
            />
            <Block note={note} what={`${title} code`} code={code} language={language} />
          </Tabs.Panel>
        ))}
      </Tabs>
    </div>
  );
}

function Block(props: { note: string; what: string; code: string; language: string }) {
  const { note, what, code, language } = props;
  return (
    <>
      <Group justify="space-between" wrap="nowrap" px="md" pt="xs" align="center">
        <Text size="sm" c="dimmed">
          {note}
        </Text>
        <CopyIcon value={code} what={`the ${what}`} />
      </Group>
      <Suspense fallback={<Skeleton h={160} m="md" w="auto" />}>
        <HighlightedCode code={code} language={language} label={what} />
      </Suspense>
    </>
  );
}
