/** The question before a page is left that holds what would be lost. */

import { Button, Group, Modal, Stack, Text } from '@mantine/core';
import { useLeaveQuestion } from './leave-guard.ts';

/** The dialog; nothing while there is no question. */
export function LeaveQuestion() {
  const [question, stay] = useLeaveQuestion();
  return (
    <Modal
      opened={question !== undefined}
      onClose={stay}
      title="Leave this page?"
      zIndex={400}
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      <Stack>
        <Text size="sm">{question?.text}</Text>
        <Group justify="flex-end">
          <Button variant="default" onClick={() => question?.leave()}>
            Leave
          </Button>
          <Button onClick={stay} data-autofocus>
            Stay
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
