/** The audit log in words, of a server with the embedded store. */

import { describeAuditFilters } from '../audit-filters.ts';
import { lmdbPlace } from '../place.ts';

describeAuditFilters(lmdbPlace, false);
