/** The metrics of TLS: certificates that end, and handshakes that fail. */

import { Counter, Gauge, type Registry } from 'prom-client';
import type { Metrics } from './metrics.ts';

type TlsMetrics = Pick<Metrics, 'handshakeFailed' | 'certificateEnds' | 'certificateRefused'>;

/** Adds them to a registry. */
export function createTlsMetrics(registry: Registry): TlsMetrics {
  const registers = [registry];
  const labelNames = ['listener'] as const;
  const handshakes = new Counter({
    name: 'usher_tls_handshake_failures_total',
    help: 'TLS handshakes that failed, by kind.',
    labelNames: ['listener', 'kind'] as const,
    registers,
  });
  const refused = new Counter({
    name: 'usher_certificate_reload_failures_total',
    help: 'Changed files of a certificate that cannot be used; the one before is served.',
    labelNames,
    registers,
  });
  const ends = new Map<string, () => number>();
  new Gauge({
    name: 'usher_certificate_seconds',
    help: 'Seconds until the certificate that is served ends; negative once it has.',
    labelNames,
    aggregator: 'min',
    registers,
    collect() {
      for (const [listener, endsMs] of ends) {
        this.set({ listener }, Math.floor((endsMs() - Date.now()) / 1000));
      }
    },
  });
  return {
    handshakeFailed: (listener, kind) => handshakes.inc({ listener, kind }),
    certificateEnds: (listener, endsMs) => void ends.set(listener, endsMs),
    certificateRefused: listener => refused.inc({ listener }),
  };
}
