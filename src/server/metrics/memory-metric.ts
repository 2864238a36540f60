/** The metrics of what holds memory, by name: usher_memory_bytes and its limit. */

import { Gauge, type Registry } from 'prom-client';
import type { MemoryMetric } from '../memory.ts';

/** Adds both metrics to a registry. They are read when the metrics are. */
export function createMemoryMetric(registry: Registry): MemoryMetric {
  const held = new Map<string, () => number>();
  const labelNames = ['what'] as const;
  const registers = [registry];
  new Gauge({
    name: 'usher_memory_bytes',
    help: 'Bytes held, as they are weighed for the limit.',
    labelNames,
    registers,
    collect() {
      for (const [what, heldBytes] of held) this.set({ what }, heldBytes());
    },
  });
  const limit = new Gauge({
    name: 'usher_memory_limit_bytes',
    help: 'Most bytes that may be held.',
    labelNames,
    registers,
  });
  return (what, heldBytes, limitBytes) => {
    const label = what.replaceAll(/[A-Z]/g, letter => `_${letter.toLowerCase()}`);
    held.set(label, heldBytes);
    limit.set({ what: label }, limitBytes);
  };
}
