/** Uses are counted exactly over a stop, on Redis. */

import { testUsageStop } from '../usage-stop.ts';
import { redisPlace } from './place.ts';

testUsageStop('Redis', redisPlace);
