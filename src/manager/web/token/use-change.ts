/** Changes an access token, and has everything that shows it read again. */

import type {
  DescMessage,
  DescMethodUnary,
  MessageInitShape,
  MessageShape,
} from '@bufbuild/protobuf';
import { useMutation } from '@connectrpc/connect-query';
import { useQueryClient } from '@tanstack/react-query';
import { useRequestId } from '../ui/use-request-id.ts';

/** A change with its request id; `run` answers undefined when it failed, and `error` says why. */
export function useChange<I extends DescMessage, O extends DescMessage>(
  method: DescMethodUnary<I, O>,
) {
  const mutation = useMutation(method);
  const requestId = useRequestId();
  const queryClient = useQueryClient();
  async function run(change: MessageInitShape<I>): Promise<MessageShape<O> | undefined> {
    try {
      const answer = await mutation.mutateAsync({ ...change, requestId: requestId.of(change) });
      requestId.done();
      // What was answered may be a secret: only the one who asked holds it from here on.
      mutation.reset();
      await queryClient.invalidateQueries({ queryKey: ['connect-query'] });
      return answer;
    } catch {
      return undefined;
    }
  }
  return { run, error: mutation.error, isBusy: mutation.isPending };
}
