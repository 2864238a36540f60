/** Plays faults with load running, and an oracle that checks each verdict. */

import { createRandom } from '../model/random.ts';
import { type Playlist, playlists, type StoreName } from './faults/all.ts';
import type { Fault } from './faults/fault.ts';
import { playRound, type Round } from './round.ts';
import type { World } from './world.ts';

/** Which faults are played. */
export interface Choice {
  seed: number;
  /** How often each is played. */
  rounds: number;
  /** Only one of each kind, for CI. */
  isShort?: boolean;
  /** Only the faults of this name. */
  fault?: string | undefined;
  store?: StoreName | undefined;
}

/** A fault on a store, and what each of its rounds did. */
export interface Played {
  fault: Fault;
  store: StoreName;
  rounds: Round[];
  /** What happened before and during the first round that went wrong. */
  story: string[];
}

/** Lines of each log that are shown. */
const logLinesMax = 40;

/** Whether a round went as promised. */
export const isAsPromised = ({ wrong, lost, failed }: Round): boolean =>
  wrong.length + lost.length + failed.length === 0;

/** The faults of a choice. */
export function choose({ isShort, fault, store }: Choice): Playlist[] {
  return playlists
    .filter(list => store === undefined || list.store === store)
    .map(list => ({
      ...list,
      faults: list.faults.filter(
        each => (!isShort || each.isShort) && (fault === undefined || each.name === fault),
      ),
    }));
}

/** Plays them; `note` gets a line about each round. */
export async function play(choice: Choice, note: (text: string) => void): Promise<Played[]> {
  const played: Played[] = [];
  for (const list of choose(choice)) played.push(...(await playList(list, choice, note)));
  return played;
}

async function playList(
  { store, open, faults }: Playlist,
  { seed, rounds }: Choice,
  note: (text: string) => void,
): Promise<Played[]> {
  const random = createRandom(seed);
  const all: Played[] = [];
  let world: World | undefined;
  try {
    for (const fault of faults) {
      const played: Played = { fault, store, rounds: [], story: [] };
      all.push(played);
      for (let round = 1; round <= rounds; round++) {
        world ??= await open(random);
        const done = await playRound(world, fault, random);
        played.rounds.push(done);
        const isGood = isAsPromised(done);
        if (!isGood && played.story.length === 0) played.story = storyOf(world);
        note(`${store} ${fault.name} ${round}: ${line(done)}`);
        if (isGood && !fault.isRuinous) continue;
        await world.close();
        world = undefined;
      }
    }
  } finally {
    await world?.close();
  }
  return all;
}

/** What happened, and the last lines of each replica's log. */
function storyOf({ story, ushers }: World): string[] {
  const logs = ushers.flatMap(({ log }, at) =>
    log.slice(-logLinesMax).map(each => `log of replica ${at}: ${JSON.stringify(each)}`),
  );
  return [...story, ...logs];
}

function line(round: Round): string {
  const bad = [...round.wrong, ...round.lost, ...round.failed];
  const seconds = (ms: number) => (ms / 1000).toFixed(1);
  return [
    bad.length === 0 ? 'as promised' : `NOT AS PROMISED: ${bad.slice(0, 5).join(' | ')}`,
    `outage ${seconds(round.outageMs.replica)} s (SDK ${seconds(round.outageMs.sdk)} s)`,
    `recovery ${seconds(round.recoveryMs)} s`,
    round.named > 0 ? `${round.named} named as lost` : '',
    round.health.join('; '),
  ]
    .filter(text => text !== '')
    .join(', ');
}
