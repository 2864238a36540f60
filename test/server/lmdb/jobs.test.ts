/** Jobs on the embedded store. */

import { describeJobs } from '../jobs.ts';
import { lmdbPlace } from '../place.ts';

describeJobs('LMDB', lmdbPlace);
