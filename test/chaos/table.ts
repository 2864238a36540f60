/** The table of what was played. */

import type { Played } from './play.ts';

const columns = [
  'fault',
  'store',
  'times',
  'wrong verdicts',
  'lost writes',
  'longest unavailability',
  'recovery',
  'what health said',
];

/** What was played, as a Markdown table. */
export function table(all: readonly Played[]): string {
  return [columns, columns.map(() => '---'), ...all.map(cells)]
    .map(row => `| ${row.join(' | ')} |`)
    .join('\n');
}

/** What each fault is, as a Markdown list; one that is played on several stores stands once. */
export function legend(all: readonly Played[]): string {
  const texts = new Map(all.map(({ fault }) => [fault.name, fault.what]));
  return [...texts].map(([name, what]) => `- \`${name}\`: ${what}.`).join('\n');
}

function cells({ fault, store, rounds }: Played): string[] {
  const sum = (of: (round: Played['rounds'][number]) => number) =>
    rounds.reduce((total, round) => total + of(round), 0);
  const most = (of: (round: Played['rounds'][number]) => number) =>
    `${(Math.max(...rounds.map(of)) / 1000).toFixed(1)} s`;
  const named = sum(round => round.named);
  const failed = sum(round => round.failed.length);
  return [
    `\`${fault.name}\``,
    store,
    String(rounds.length),
    String(sum(round => round.wrong.length)),
    sum(round => round.lost.length) + (named > 0 ? ` (${named} named)` : ''),
    `${most(round => round.outageMs.replica)} (SDK ${most(round => round.outageMs.sdk)})`,
    most(round => round.recoveryMs) + (failed > 0 ? ', **failed**' : ''),
    healthText(rounds.flatMap(({ health }) => health)),
  ];
}

/** The reasons, without what differs from run to run, and what was degraded. */
function healthText(said: readonly string[]): string {
  const without = said.map(text => text.replaceAll(/\d+/g, 'N').replaceAll('|', '/'));
  return [...new Set(without)].sort().join('; ') || 'ready';
}
