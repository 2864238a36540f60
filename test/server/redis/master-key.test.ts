/** The master key changes, on Redis. */

import { testMasterKey } from '../master-key.ts';
import { redisPlace } from './place.ts';

testMasterKey('Redis', redisPlace);
