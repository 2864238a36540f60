/** Uses are counted exactly over a stop, on the embedded store. */

import { lmdbPlace } from '../place.ts';
import { testUsageStop } from '../usage-stop.ts';

testUsageStop('LMDB', lmdbPlace);
