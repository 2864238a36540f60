/** The deadlines of gRPC calls: read from `grpc-timeout`, cut to what the server allows. */

/** How long calls may take. */
export interface CallTimes {
  /** Deadline of a unary call that brings none. */
  deadlineMs: number;
  /** Longest deadline of a unary call. */
  deadlineMsMax: number;
  /** Whether a path is that of a streaming method: those get no deadline of the server's. */
  isStreaming(path: string): boolean;
}

/** The longest that setTimeout can hold: a longer deadline would expire at once. */
export const timerMsMax = 2_147_483_647;

const unitMs = { H: 3_600_000, M: 60_000, S: 1_000, m: 1, u: 0.001, n: 0.000_001 } as const;

/** The time a unary call has, in milliseconds; undefined for a grpc-timeout that is none. */
export function deadlineOf(
  asked: string | string[] | undefined,
  { deadlineMs, deadlineMsMax }: Pick<CallTimes, 'deadlineMs' | 'deadlineMsMax'>,
): number | undefined {
  if (asked === undefined) return deadlineMs;
  const ms = millisecondsOf(asked);
  return ms === undefined ? undefined : Math.min(ms, deadlineMsMax);
}

function millisecondsOf(asked: string | string[]): number | undefined {
  const [, digits, unit] = /^(\d{1,15})([HMSmun])$/.exec(String(asked)) ?? [];
  return digits === undefined ? undefined : Number(digits) * unitMs[unit as keyof typeof unitMs];
}

/**
 * A grpc-timeout no longer than `msMax`, in a form that grpc-js and connect read right, or refuse.
 * The protocol allows eight digits; connect's own clients send more, which is no reason to fail them.
 */
export function clampGrpcTimeout(asked: string | string[], msMax: number): string {
  const ms = millisecondsOf(asked);
  if (ms === undefined) return 'malformed';
  // Eight digits and the unit.
  if (ms <= msMax && asked.length <= 9) return String(asked);
  const cut = Math.min(Math.ceil(ms), msMax);
  return cut < 1e8 ? `${cut}m` : `${Math.floor(cut / 1000)}S`;
}
