/** identityOf never answers for a request that no middleware let pass. */

import { expect, test } from 'vitest';
import { identityOf } from '../../../src/client/middleware/identity.ts';

test.each([{}, { identity: { owner: 'forged' } }, { metadata: {} }, { metadata: null }])(
  '%j has no identity',
  request => {
    expect(() => identityOf(request)).toThrow('no middleware of @usher/client let it pass');
  },
);
