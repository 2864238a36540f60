/** A list of words as chips, for scopes and audiences. */

import { Code, Group, Text } from '@mantine/core';

/** Shows the words, those that give power over Usher in a warning colour, at most the first `max`; the text `none` if there are none. */
export function Chips(props: { words: readonly string[]; none: string; max?: number }) {
  const { words, none, max = words.length } = props;
  if (words.length === 0) {
    return (
      <Text size="sm" c="dimmed" span>
        {none}
      </Text>
    );
  }
  return (
    <Group gap={6}>
      {words.slice(0, max).map(word => (
        <Code
          key={word}
          className="chip"
          title={word}
          data-power={word.startsWith('usher.') || undefined}
        >
          {word}
        </Code>
      ))}
      {words.length > max && (
        <Text size="xs" c="dimmed" span>
          +{words.length - max}
        </Text>
      )}
    </Group>
  );
}
