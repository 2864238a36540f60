/** Draws the charts of the benchmark, as SVG. */

import { parse, View } from 'vega';
import { compile, type TopLevelSpec } from 'vega-lite';
import type { Outcome } from './beside/measure.ts';
import { wires } from './beside/wires.ts';
import type { Section } from './report.ts';
import { median, quantile } from './row.ts';

/** A chart. */
export interface Chart {
  /** File name in docs/. */
  file: string;
  /** Alternative text. */
  title: string;
  svg: string;
}

const ours = '#5b3fd4';
const floors = '#b8bcc6';

/** Draws the charts for which the sections have values. */
export async function charts(sections: readonly Section[]): Promise<Chart[]> {
  return [await costChart(sections), await revocationChart(sections)].filter(
    chart => chart !== undefined,
  );
}

/** CPU per call of Usher beside that of the floor. */
async function costChart(sections: readonly Section[]): Promise<Chart | undefined> {
  const values = sections
    .flatMap(({ rows }) => rows)
    .flatMap(({ what, cost, floor }) =>
      cost === undefined || floor === undefined
        ? []
        : [
            { what, server: 'Usher', cpuUs: cost.cpuUs },
            { what, server: 'compared with', cpuUs: floor.cpuUs },
          ],
    );
  if (values.length === 0) return undefined;
  const title = 'Server CPU per call, in microseconds';
  return {
    file: 'benchmarks-cpu.svg',
    title,
    svg: await draw({
      title,
      width: 480,
      data: { values },
      mark: { type: 'bar' },
      encoding: {
        y: {
          field: 'what',
          type: 'nominal',
          sort: null,
          title: null,
          // Vega only estimates text widths: labels are not cut, "against …" is a second line.
          axis: {
            labelLimit: 0,
            labelExpr: "split(replace(datum.label, ', against', '|against'), '|')",
          },
        },
        yOffset: { field: 'server', sort: ['Usher', 'compared with'] },
        x: { field: 'cpuUs', type: 'quantitative', title: 'µs' },
        color: {
          field: 'server',
          title: null,
          legend: { orient: 'bottom' },
          scale: { domain: ['Usher', 'compared with'], range: [ours, floors] },
        },
      },
    }),
  };
}

/** The share of revocations that took effect everywhere within each time. */
async function revocationChart(sections: readonly Section[]): Promise<Chart | undefined> {
  const series = sections
    .flatMap(({ rows }) => rows)
    .flatMap(({ what, values }) => (values === undefined ? [] : [{ what, values }]));
  if (series.length === 0) return undefined;
  const shares = [...Array.from({ length: 100 }, (_, n) => n / 100), 0.995, 0.999, 1];
  const values = series.flatMap(({ what, values: sorted }) =>
    shares.map(share => ({
      what,
      percent: share * 100,
      ms: Math.max(0.1, quantile(sorted, share)),
    })),
  );
  const title = 'From the acknowledged revocation to the last "valid", anywhere';
  return {
    file: 'benchmarks-revocation.svg',
    title,
    svg: await draw({
      title,
      width: 480,
      height: 240,
      data: { values },
      mark: { type: 'line', interpolate: 'step-after' },
      encoding: {
        x: {
          field: 'ms',
          type: 'quantitative',
          title: 'ms, at most',
          scale: { type: 'log', domain: [0.1, 4000] },
        },
        y: { field: 'percent', type: 'quantitative', title: '% of the revocations' },
        color: {
          field: 'what',
          type: 'nominal',
          sort: null,
          title: null,
          legend: { orient: 'bottom', columns: 1, labelLimit: 0 },
        },
      },
    }),
  };
}

/** CPU per call of the peers that were measured, by wire. */
export async function peersChart(outcomes: readonly Outcome[]): Promise<Chart> {
  const values = outcomes.flatMap(({ peer, title, measured }) =>
    measured.map(({ kind, cpuUs }) => ({
      what: `${title}, ${kind === 'jwt' ? 'JWT' : 'static'}`,
      wire: wires[peer.wire].title,
      cpuUs: median(cpuUs),
      whose: peer.name === 'usher' ? 'Usher' : 'others',
    })),
  );
  const title = 'Server CPU per call beside other programs, in microseconds';
  return {
    file: 'benchmarks-peers.svg',
    title,
    svg: await draw({
      title,
      data: { values },
      facet: {
        row: {
          field: 'wire',
          sort: null,
          title: null,
          header: { labelAngle: 0, labelOrient: 'top', labelAnchor: 'start' },
        },
      },
      spec: {
        width: 480,
        mark: { type: 'bar' },
        encoding: {
          y: {
            field: 'what',
            type: 'nominal',
            sort: null,
            title: null,
            axis: { labelLimit: 0 },
          },
          x: { field: 'cpuUs', type: 'quantitative', title: 'µs' },
          color: {
            field: 'whose',
            title: null,
            legend: null,
            scale: { domain: ['Usher', 'others'], range: [ours, floors] },
          },
        },
      },
      resolve: { scale: { y: 'independent' } },
    }),
  };
}

/** Draws a chart as SVG; the white background keeps it readable on a dark page. */
async function draw(spec: TopLevelSpec): Promise<string> {
  const full = {
    ...spec,
    background: 'white',
    padding: 12,
    config: { font: 'system-ui, sans-serif' },
  } as TopLevelSpec;
  const view = new View(parse(compile(full).spec), { renderer: 'none' });
  const svg = await view.toSVG();
  view.finalize();
  return svg;
}
