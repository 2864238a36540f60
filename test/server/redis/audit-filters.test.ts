/** The audit log in words, of two servers of one Redis. */

import { describeAuditFilters } from '../audit-filters.ts';
import { redisPlace } from './place.ts';

describeAuditFilters(redisPlace, true);
