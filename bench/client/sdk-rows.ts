/** Measures verdicts from the cache of the SDK, and that they need no call to the server. */

import { managerOf } from '../access-tokens.ts';
import { cores } from '../load.ts';
import { runOn, startUsher } from '../processes.ts';
import type { Row } from '../row.ts';
import type { SdkOrder, SdkOutcome } from './sdk.ts';

/** The rows of the part "sdk". */
export async function sdkRows(): Promise<Row[]> {
  const usher = await startUsher();
  try {
    const { token } = await managerOf(usher).createStatic();
    const order: SdkOrder = { address: usher.grpc, token };
    const { verdicts, perSecond, sent } = await runOn<SdkOutcome>(
      cores.load,
      'bench/client/sdk.ts',
      order,
    );
    return [
      {
        what: 'SDK verify, cached, a new string for each header, on one core',
        measured: `${Math.round(perSecond).toLocaleString('en')}/s`,
        bound: 'at least 1,000,000/s',
        pass: perSecond >= 1_000_000,
      },
      {
        what: `calls and stream messages sent for ${verdicts.toLocaleString('en')} cached verdicts`,
        measured: String(sent),
        bound: '0',
        pass: sent === 0,
      },
    ];
  } finally {
    await usher.stop();
  }
}
