/** `usher settings`: lists all settings, without their current values. */

import type { Setting } from '../settings/setting.ts';
import { settings } from '../settings/settings.ts';
import type { Terminal } from './terminal.ts';
import { outJson } from './terminal.ts';

/** Prints all settings. */
export function outSettings(terminal: Terminal, json?: boolean): void {
  const all = Object.values<Setting<unknown>>(settings);
  if (json) {
    const listed = all.map(({ name, meaning, range, default: fallback, secret = false }) => {
      return { name, meaning, range, ...(fallback !== undefined && { default: fallback }), secret };
    });
    outJson(terminal, { settings: listed });
    return;
  }
  for (const { name, meaning, range, default: fallback, without, secret } of all) {
    const file = secret ? ` (or ${name}_FILE)` : '';
    const value = `default: ${fallback === undefined ? without : fallback || 'none'}`;
    terminal.out(`${terminal.colors.bold(name)}${file}`);
    terminal.out(`    ${meaning}: ${range}; ${value}`.replaceAll('`', ''));
  }
}
