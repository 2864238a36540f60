/** The tables of docs/scaling.md. */

import { type Check, deviation } from './checks.ts';
import { type Constants, type Deployment, firstBend, type Needs, predict } from './model.ts';

/** The tables, by the name of their place in the page. */
export type Tables = Record<'constants' | 'checks' | 'verdicts' | 'replicas' | 'sdks', string>;

/** All tables. */
export function tables(constants: Constants, checks: readonly Check[]): Tables {
  return {
    constants: constantsTable(constants),
    checks: checksTable(checks),
    verdicts: verdictsTable(constants),
    replicas: replicasTable(constants),
    sdks: sdksTable(constants),
  };
}

function markdown(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [
    line(head),
    `|${head.map((_, n) => (n ? '---:' : '---')).join('|')}|`,
    ...rows.map(line),
  ].join('\n');
}

/** A number with about three digits. */
function short(value: number): string {
  if (value !== 0 && Math.abs(value) < 0.095) return value.toFixed(3);
  if (Math.abs(value) < 10) return value.toFixed(1);
  return Number(value.toPrecision(3)).toLocaleString('en');
}

/** Bytes with their unit. */
function bytes(value: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let [shown, unit] = [value, 0];
  for (; shown >= 1000 && unit < units.length - 1; unit++) shown /= 1000;
  return `${short(shown)} ${units[unit]}`;
}

function constantsTable(c: Constants): string {
  const us = (value: number) => `${short(value)} µs`;
  return markdown(
    ['what', 'measured'],
    [
      ['verdict from memory, gRPC: CPU of the process', us(c.grpcUs)],
      ['verdict from memory, HTTP: the same', us(c.httpUs)],
      ['verdict from Redis: what it costs the process more', us(c.missUs)],
      ['the same: CPU of Redis', us(c.missRedisUs)],
      ['process at rest: own memory', bytes(c.processBytes)],
      ['static token in the caches: memory', bytes(c.cachedTokenBytes)],
      ['its record: weight against `USHER_MEMORY_MB`', bytes(c.recordWeightBytes)],
      ['access token in Redis: memory', bytes(c.tokenRedisBytes)],
      ['change in the log of Redis: memory', bytes(c.changeRedisBytes)],
      ['process at rest: commands to Redis a second', short(c.idleCommands)],
      ['process at rest: CPU of Redis a second', us(c.idleRedisUs)],
      ['process at rest: its own CPU a second', us(c.idleUs)],
      ['change: commands to Redis', short(c.changeCommands)],
      ['change: CPU of Redis', us(c.changeRedisUs)],
      ['change, for each process: CPU of Redis', us(c.toldRedisUs)],
      ['change, for each process: sent by Redis', bytes(c.toldBytes)],
      ['change, for each process: its CPU', us(c.toldUs)],
      ['watcher: memory of the process', bytes(c.watcherBytes)],
      ['watcher: messages a second without changes', short(c.heartbeats)],
      ['message to a watcher: CPU of the process', us(c.messageUs)],
      ['message to a watcher: size', bytes(c.messageBytes)],
    ],
  );
}

function checksTable(checks: readonly Check[]): string {
  const percent = (share: number) =>
    `${share < 0 ? '−' : '+'}${Math.abs(share * 100).toFixed(0)} %`;
  return markdown(
    ['what', 'predicted', 'measured', 'off by'],
    checks.map(check => {
      const { what, unit, predicted, measured } = check;
      const shown = (value: number) => `${short(value)} ${unit}`.trim();
      return [what, shown(predicted), shown(measured), percent(deviation(check))];
    }),
  );
}

/** A change of each access token in a month, and one revocation a second at the least. */
const changesOf = (tokens: number) => Math.max(1, tokens / (30 * 86_400));
const usual = { sdks: 0, memoryMb: 128 };

/** "CPU of Redis, 140 %": what is nearest to its end, bold where it is beyond. */
function bendOf(needs: Needs): string {
  const { what, share } = firstBend(needs);
  const text = `${what}, ${(share * 100).toFixed(0)} %`;
  return share > 1 ? `**${text}**` : text;
}

function verdictsTable(constants: Constants): string {
  const rows: string[][] = [];
  for (const verdicts of [1e3, 1e4, 1e5, 1e6]) {
    for (const tokens of [1e4, 1e6, 1e8]) {
      for (const memoryMb of tokens > 1e4 ? [128, 2048] : [128]) {
        const deployment = { ...usual, verdicts, tokens, changes: changesOf(tokens), memoryMb };
        rows.push(verdictsRow(deployment, predict(constants, deployment)));
      }
    }
  }
  const head = ['verdicts/s', 'access tokens', '`USHER_MEMORY_MB`', 'processes', 'cores'];
  const more = [
    'memory of all',
    'from memory',
    'reads of Redis/s',
    'memory of Redis',
    'nearest to its end',
  ];
  return markdown([...head, ...more], rows);
}

function verdictsRow({ verdicts, tokens, memoryMb }: Deployment, needs: Needs): string[] {
  return [
    verdicts.toLocaleString('en'),
    tokens.toLocaleString('en'),
    String(memoryMb),
    String(needs.processes),
    short(needs.cores),
    bytes(needs.processBytes * needs.processes),
    `${(needs.hitShare * 100).toFixed(1)} %`,
    short(verdicts * (1 - needs.hitShare)),
    bytes(needs.redisBytes),
    bendOf(needs),
  ];
}

function replicasTable(constants: Constants): string {
  const rows: string[][] = [];
  for (const processes of [2, 10, 100, 300, 1000]) {
    for (const changes of [1, 10, 100]) {
      const needs = predict(constants, {
        ...usual,
        verdicts: 1000,
        tokens: 1e4,
        changes,
        processes,
      });
      rows.push([
        processes.toLocaleString('en'),
        String(changes),
        short(needs.redisCommands),
        `${(needs.redisCores * 100).toFixed(0)} %`,
        `${bytes(needs.redisSentBytes)}/s`,
        bendOf(needs),
      ]);
    }
  }
  const head = ['processes', 'changes/s', 'commands to Redis/s', 'CPU of Redis, of a core'];
  return markdown([...head, 'sent by Redis', 'nearest to its end'], rows);
}

function sdksTable(constants: Constants): string {
  const rows: string[][] = [];
  for (const sdks of [100, 1000, 10_000, 100_000]) {
    for (const changes of [0.1, 1, 10, 100]) {
      const needs = predict(constants, { ...usual, verdicts: 1000, tokens: 1e4, changes, sdks });
      rows.push([
        sdks.toLocaleString('en'),
        String(changes),
        short(needs.messages),
        `${bytes(needs.messages * constants.messageBytes)}/s`,
        String(needs.processes),
        short(needs.cores),
        bytes(sdks * constants.watcherBytes),
        bendOf(needs),
      ]);
    }
  }
  const head = ['SDKs', 'changes/s', 'messages/s', 'sent by Usher', 'processes', 'cores'];
  return markdown([...head, 'memory for watchers', 'nearest to its end'], rows);
}
