/**
 * The Grafana dashboard of Usher, typed by Grafana's own schema.
 * `node deploy/grafana/usher.ts > deploy/grafana/usher.json` writes what Grafana imports.
 */

import type { Dashboard, Panel } from '@grafana/schema';

interface Graph {
  title: string;
  description: string;
  unit: string;
  /** Expressions with their legends. */
  lines: readonly (readonly [expr: string, legend: string])[];
  /** Whether lines are stacked. */
  isStacked?: boolean;
}

const instance = 'instance=~"$instance"';
const judged = 'method=~"Verify|BatchVerify|Check|/|/forward-auth|/ext-authz/|/oauth2/introspect"';
const quantile = (q: number) =>
  `histogram_quantile(${q}, sum by (le) (rate(usher_call_duration_seconds_bucket{${instance},${judged}}[$__rate_interval])))`;
const rate = (metric: string, by: string, labels = instance) =>
  `sum by (${by}) (rate(${metric}{${labels}}[$__rate_interval]))`;

/** The rows of the dashboard: two graphs side by side, or three. */
const rows: readonly (readonly Graph[])[] = [
  [
    {
      title: 'Verdicts',
      description: 'Verdicts a second, by reason; NONE is a good token.',
      unit: 'ops',
      lines: [[rate('usher_verdicts_total', 'reason'), '{{reason}}']],
      isStacked: true,
    },
    {
      title: 'Verdicts by door',
      description: 'Verdicts a second, by the way in which they were asked for.',
      unit: 'ops',
      lines: [[rate('usher_verdicts_total', 'door'), '{{door}}']],
      isStacked: true,
    },
    {
      title: 'No verdict',
      description:
        'Verifications without a verdict, because the store was unavailable; unexpected errors.',
      unit: 'ops',
      lines: [
        [rate('usher_unavailable_total', 'instance'), 'unavailable {{instance}}'],
        [rate('usher_bugs_total', 'instance'), 'bugs {{instance}}'],
      ],
    },
  ],
  [
    {
      title: 'Time to a verdict',
      description: 'From when a request has come whole until its answer is made.',
      unit: 's',
      lines: [
        [quantile(0.5), 'half'],
        [quantile(0.99), '99 of 100'],
        [quantile(0.999), '999 of 1000'],
      ],
    },
    {
      title: 'Time by method, 99 of 100',
      description: 'The same for each method.',
      unit: 's',
      lines: [
        [
          `histogram_quantile(0.99, sum by (le, method) (rate(usher_call_duration_seconds_bucket{${instance}}[$__rate_interval])))`,
          '{{method}}',
        ],
      ],
    },
    {
      title: 'Delay of the event loop, 99 of 100',
      description: 'How long a process was busy before it could begin with something else.',
      unit: 's',
      lines: [[`nodejs_eventloop_lag_p99_seconds{${instance},job="usher"}`, '{{instance}}']],
    },
  ],
  [
    {
      title: 'Hits of the caches',
      description: 'The part of lookups that a cache answered.',
      unit: 'percentunit',
      lines: [
        [
          `${rate('usher_cache_lookups_total', 'cache', `${instance},result="hit"`)} / ${rate('usher_cache_lookups_total', 'cache')}`,
          '{{cache}}',
        ],
      ],
    },
    {
      title: 'Age of the lease',
      description: 'How long ago the store confirmed that all changes until then were announced.',
      unit: 's',
      lines: [[`usher_feed_lag_seconds{${instance}}`, '{{instance}}']],
    },
    {
      title: 'Changes reach all replicas',
      description: 'From when a replica begins to write a change until the store announces it.',
      unit: 's',
      lines: [
        [
          `histogram_quantile(0.99, sum by (le) (rate(usher_change_propagation_seconds_bucket{${instance}}[$__rate_interval])))`,
          '99 of 100',
        ],
      ],
    },
  ],
  [
    {
      title: 'Store',
      description: 'Operations of the store a second; unavailable ones are outages.',
      unit: 'ops',
      lines: [
        [rate('usher_store_operations_total', 'operation, result'), '{{operation}} {{result}}'],
      ],
    },
    {
      title: 'Health',
      description: '1 while the store answers, and while records may be cached; what is degraded.',
      unit: 'none',
      lines: [
        [`usher_store_up{${instance}}`, 'store {{instance}}'],
        [`usher_feed_live{${instance}}`, 'feed {{instance}}'],
        [`usher_degraded{${instance}} == 1`, 'degraded: {{what}} {{instance}}'],
      ],
    },
    {
      title: 'Refused',
      description:
        'Connections, requests and calls refused, answers not read, wrong credentials, lines of the log dropped.',
      unit: 'ops',
      lines: [
        [
          rate('usher_connections_refused_total', 'listener, reason'),
          'connections {{listener}} {{reason}}',
        ],
        [rate('usher_requests_refused_total', 'listener'), 'requests {{listener}}'],
        [rate('usher_unread_closed_total', 'listener, reason'), 'unread {{listener}} {{reason}}'],
        [rate('usher_wrong_credentials_total', 'instance'), 'wrong credentials {{instance}}'],
        [rate('usher_slowed_calls_total', 'reason'), 'slowed {{reason}}'],
        [rate('usher_tls_handshake_failures_total', 'listener, kind'), 'TLS {{listener}} {{kind}}'],
        [rate('usher_log_lines_dropped_total', 'instance'), 'log {{instance}}'],
      ],
    },
  ],
  [
    {
      title: 'Memory within its limits',
      description: 'The part of each limit that is used.',
      unit: 'percentunit',
      lines: [
        [
          `max by (what) (usher_memory_bytes{${instance}} / usher_memory_limit_bytes{${instance}})`,
          '{{what}}',
        ],
      ],
    },
    {
      title: 'Memory of the process',
      description: 'Resident memory.',
      unit: 'bytes',
      lines: [[`process_resident_memory_bytes{${instance},job="usher"}`, '{{instance}}']],
    },
    {
      title: 'Reported leaks',
      description: 'Credentials reported as leaked, in the last hour, by what came of them.',
      unit: 'short',
      lines: [
        [`sum by (outcome) (increase(usher_leak_reports_total{${instance}}[1h]))`, '{{outcome}}'],
      ],
    },
    {
      title: 'Certificates',
      description: 'Until the certificate of a listener ends.',
      unit: 's',
      lines: [[`min by (listener) (usher_certificate_seconds{${instance}})`, '{{listener}}']],
    },
  ],
];

const columns = 24;
const height = 8;
const datasource = { type: 'prometheus', uid: '$datasource' };

function panelOf(graph: Graph, id: number, x: number, y: number, width: number): Panel {
  return {
    id,
    type: 'timeseries',
    title: graph.title,
    description: graph.description,
    datasource,
    gridPos: { x, y, w: width, h: height },
    targets: graph.lines.map(([expr, legendFormat], n) => ({
      refId: String.fromCharCode(65 + n),
      datasource,
      expr,
      legendFormat,
    })),
    fieldConfig: {
      defaults: {
        unit: graph.unit,
        min: 0,
        custom: {
          fillOpacity: graph.isStacked ? 30 : 8,
          stacking: { mode: graph.isStacked ? 'normal' : 'none' },
        },
      },
      overrides: [],
    },
    options: { legend: { displayMode: 'list', placement: 'bottom' }, tooltip: { mode: 'multi' } },
  };
}

/** The dashboard. */
export const dashboard: Dashboard = {
  uid: 'usher',
  title: 'Usher',
  description: 'Verdicts, their time, the store and the limits of Usher.',
  tags: ['usher'],
  schemaVersion: 39,
  version: 1,
  editable: true,
  graphTooltip: 1,
  refresh: '30s',
  time: { from: 'now-1h', to: 'now' },
  templating: {
    list: [
      { name: 'datasource', label: 'Data source', type: 'datasource', query: 'prometheus' },
      {
        ...{ name: 'instance', label: 'Replica', type: 'query', datasource, refresh: 2 },
        ...{ query: 'label_values(usher_build_info, instance)', multi: true, includeAll: true },
        allValue: '.*',
      },
    ],
  },
  panels: rows.flatMap((graphs, row) =>
    graphs.map((graph, n) => {
      const width = columns / graphs.length;
      return panelOf(graph, row * 10 + n + 1, n * width, row * height, width);
    }),
  ),
};

if (import.meta.main) process.stdout.write(`${JSON.stringify(dashboard, null, 2)}\n`);
