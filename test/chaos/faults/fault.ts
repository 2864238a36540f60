/** What a fault is. */

import type { Random } from '../../model/random.ts';
import type { World } from '../world.ts';

/** Ends a fault: puts right what its beginning has done. */
type End = () => unknown;

/** A fault, and what it does. */
export interface Fault<W extends World = World> {
  name: string;
  /** What happens, for the reader of the table. */
  what: string;
  begin(world: W, random: Random): Promise<End> | End;
  /** How long it lasts, in milliseconds; longer than the lease if absent. */
  lastsMs?: number;
  /** Redis itself loses acknowledged writes: creations and rotations may end as UNAVAILABLE. */
  isLossy?: boolean;
  /** Later faults need new servers. */
  isRuinous?: boolean;
  /** Also part of the short run. */
  isShort?: boolean;
}
