/** Badges for the health of a webhook and the state of a delivery. */

import { Delivery_State, type Webhook } from '../../../gen/usher/v1/webhooks_pb.ts';

/** How a webhook is: disabled, failing, good, or nothing sent yet. */
export function HealthBadge({ webhook }: { webhook: Webhook }) {
  const [word, tone] = sayHealth(webhook);
  return (
    <span className="state" data-tone={tone}>
      {word}
    </span>
  );
}

function sayHealth(webhook: Webhook): [word: string, tone: string] {
  const { enabled, disabledReason, failingSince, lastDelivery } = webhook;
  if (!enabled) return disabledReason === '' ? ['Disabled', 'quiet'] : ['Disabled by Usher', 'bad'];
  if (failingSince) return ['Failing', 'warn'];
  return lastDelivery ? ['Good', 'good'] : ['Nothing sent yet', 'quiet'];
}

/** What became of a delivery. */
export function DeliveryBadge({ state }: { state: Delivery_State }) {
  const [word, tone] =
    state === Delivery_State.DELIVERED
      ? ['Delivered', 'good']
      : state === Delivery_State.FAILED
        ? ['Failed', 'bad']
        : ['Waiting', 'warn'];
  return (
    <span className="state" data-tone={tone}>
      {word}
    </span>
  );
}
