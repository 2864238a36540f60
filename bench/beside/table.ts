/** The table of the peers, with what a reader must know. */

import { median } from '../row.ts';
import { foundHere } from './get.ts';
import type { Measured, Outcome } from './measure.ts';
import type { Kind, Wire } from './peer.ts';
import { wires } from './wires.ts';

const head = [
  'wire',
  'program',
  'token',
  'µs CPU a call',
  'beside Usher',
  'calls/s',
  'p50 ms',
  'p99 ms',
  'MB',
  'revoked, last valid',
];
const names: Record<Kind, string> = { static: 'static', jwt: 'JWT' };

const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;

/** The outcomes as a Markdown table: those of each wire together, Usher first. */
export function tableOf(outcomes: readonly Outcome[]): string {
  const rule = `|${head.map((_, n) => (n > 2 && n < 9 ? '---:' : '---')).join('|')}|`;
  return [line(head), rule, ...outcomes.flatMap(outcome => rowsOf(outcome, outcomes))].join('\n');
}

function rowsOf(outcome: Outcome, all: readonly Outcome[]): string[] {
  const { peer, title, why, measured } = outcome;
  const wire = wires[peer.wire].title;
  if (why !== undefined) return [line([wire, title, '', `not here: ${why}`, ...Array(6).fill('')])];
  return measured.map((figures, n) => {
    const base = usherOn(peer.wire, figures.kind, all);
    return line([
      wire,
      n === 0 && peer.name === 'usher' ? '**Usher**' : title,
      names[figures.kind],
      spread(figures.cpuUs),
      base === undefined || peer.name === 'usher' ? '' : ratio(figures, base),
      Math.round(figures.callsPerSecond).toLocaleString('en'),
      figures.p50Ms.toFixed(2),
      figures.p99Ms.toFixed(2),
      n === 0 ? (outcome.memoryMb ?? Number.NaN).toFixed(0) : '',
      n === 0 ? revoked(outcome) : '',
    ]);
  });
}

/** What Usher needed on the same wire for the same kind of token. */
function usherOn(wire: Wire, kind: Kind, all: readonly Outcome[]): Measured | undefined {
  return all
    .find(({ peer }) => peer.wire === wire && peer.name === 'usher')
    ?.measured.find(figures => figures.kind === kind);
}

/** "2.1 x (2.0–2.3)": the ratio in each round. */
function ratio(figures: Measured, base: Measured): string {
  const each = figures.cpuUs.map((value, round) => value / (base.cpuUs[round] ?? Number.NaN));
  const [least, most] = [Math.min(...each), Math.max(...each)];
  return `${median(each).toFixed(2)} x (${least.toFixed(2)}–${most.toFixed(2)})`;
}

function spread(values: readonly number[]): string {
  const digits = median(values) < 10 ? 2 : 1;
  const shown = (value: number) => value.toFixed(digits);
  return `${shown(median(values))} (${shown(Math.min(...values))}–${shown(Math.max(...values))})`;
}

function revoked({ revokedMs }: Outcome): string {
  if (revokedMs === undefined) return 'cannot';
  if (revokedMs === Number.POSITIVE_INFINITY) return 'still valid after 15 s';
  return `${revokedMs.toFixed(revokedMs < 10 ? 1 : 0)} ms`;
}

/** What a reader must know, as a list. */
export function notesOf(outcomes: readonly Outcome[], { quick, load }: Conditions): string {
  const how =
    `Measured on ${new Date().toISOString().slice(0, 10)}, in ${quick ? 'short rounds (`--quick`)' : 'full rounds'}, while other ` +
    `programs had a load of ${load.toFixed(1)} (0 is a quiet machine). ` +
    (load > 0.5
      ? '**The machine was busy: the ratios count roughly, the other figures do not.** '
      : '') +
    '`npm run bench:peers -- --write` measures again and writes this part.';
  const programs = outcomes
    .filter(({ peer, why }) => peer.name !== 'usher' && why === undefined)
    .map(
      ({ peer, title }) =>
        `- **${title}**: ${peer.does}.${peer.cannot === '' ? '' : ` Its limits: ${peer.cannot}.`}`,
    );
  return [
    how,
    [
      '- **Each program** has one core and one worker (`GOMAXPROCS=1`), beside the load on the other core. They take ' +
        'turns, and the figures are medians with the least and the most. Load: 2 connections with 16 calls each over ' +
        'HTTP/2, 32 connections over HTTP/1.1; the latencies at half of the calls/s, from sending to the end of the answer.',
      '- **Each answer** was checked: good tokens, an unknown one, one that was cut short, a JWT with a wrong signature, ' +
        'and a revoked one where the program can revoke.',
      '- **Revoked, last valid**: one process, one client that goes on asking; from the acknowledged revocation to the last ' +
        '"valid". Several replicas are in [Revocation](#revocation).',
      '- **In Usher’s favour**: its answers are encoded once and kept, and no peer was tuned beyond what its documentation says. ' +
        '**Against it**: most peers know neither owners, limits, revocation nor an audit log, and a gateway that judges by itself saves the call.',
      ...programs,
      ...(foundHere.size === 0
        ? []
        : [
            `- **Not installed by this command**, but on the PATH of the machine already: ${[...foundHere].join(', ')}.`,
          ]),
    ].join('\n'),
  ].join('\n\n');
}

/** How it was measured. */
export interface Conditions {
  quick: boolean;
  /** The machine's load before it began. */
  load: number;
}
