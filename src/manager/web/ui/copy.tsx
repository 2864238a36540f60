/** Buttons that copy a text to the clipboard. */

import { ActionIcon, Button, Tooltip } from '@mantine/core';
import { IconCheck, IconCopy, IconX } from '@tabler/icons-react';
import { useEffect, useState } from 'react';

type Outcome = 'copied' | 'failed' | undefined;
const shownMs = 1_800;

/** A button with only an icon; `what` completes its label, "Copy …". */
export function CopyIcon({ value, what }: { value: string; what: string }) {
  const { outcome, copy } = useCopy(value);
  const label = labelOf(outcome, `Copy ${what}`);
  return (
    <Tooltip label={label}>
      <ActionIcon
        variant="subtle"
        color={colorOf(outcome) ?? 'gray'}
        aria-label={label}
        onClick={copy}
      >
        <OutcomeIcon outcome={outcome} />
      </ActionIcon>
    </Tooltip>
  );
}

/** A button with a text; `onCopied` is called only when copying succeeded. */
export function CopyButton(props: { value: string; what: string; onCopied?: () => void }) {
  const { outcome, copy } = useCopy(props.value, props.onCopied);
  return (
    <Button
      onClick={copy}
      color={colorOf(outcome) ?? 'usher'}
      leftSection={<OutcomeIcon outcome={outcome} />}
      aria-live="polite"
    >
      {labelOf(outcome, `Copy ${props.what}`)}
    </Button>
  );
}

function useCopy(value: string, onCopied?: () => void) {
  const [outcome, setOutcome] = useState<Outcome>();
  useEffect(() => {
    if (!outcome) return;
    const timer = setTimeout(() => setOutcome(undefined), shownMs);
    return () => clearTimeout(timer);
  }, [outcome]);
  async function copy() {
    try {
      // Without HTTPS, browsers have a clipboard only on localhost: users select the text by hand.
      await navigator.clipboard.writeText(value);
      setOutcome('copied');
      onCopied?.();
    } catch {
      setOutcome('failed');
    }
  }
  return { outcome, copy: () => void copy() };
}

function OutcomeIcon({ outcome }: { outcome: Outcome }) {
  const Icon = outcome === 'copied' ? IconCheck : outcome === 'failed' ? IconX : IconCopy;
  return <Icon size={16} aria-hidden />;
}

function labelOf(outcome: Outcome, label: string): string {
  return outcome === 'copied'
    ? 'Copied'
    : outcome === 'failed'
      ? 'Select it and copy by hand'
      : label;
}

function colorOf(outcome: Outcome): string | undefined {
  return outcome === 'copied' ? 'teal.9' : outcome === 'failed' ? 'red' : undefined;
}
