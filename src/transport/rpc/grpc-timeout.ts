/** Reads the deadlines of gRPC calls from `grpc-timeout` and cuts them to the server's limits. */

/** The server's limits for deadlines. */
interface CallTimes {
  /** Deadline of a unary call that sends none, in milliseconds. */
  deadlineMs: number;
  /** Longest deadline of a unary call, in milliseconds. */
  deadlineMsMax: number;
}

/** The longest delay of setTimeout; a longer one would fire at once. */
export const timerMsMax = 2_147_483_647;

const unitMs = { H: 3_600_000, M: 60_000, S: 1_000, m: 1, u: 0.001, n: 0.000_001 } as const;

/** The deadline of a unary call, in milliseconds; undefined for a malformed grpc-timeout. */
export function deadlineOf(
  asked: string | string[] | undefined,
  { deadlineMs, deadlineMsMax }: CallTimes,
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
 * The grpc-timeout, cut to `msMax` milliseconds; "malformed" if it is, which connect rejects. The
 * protocol allows eight digits; connect's own clients send more, so these are rounded.
 */
export function clampGrpcTimeout(asked: string | string[], msMax: number): string {
  const ms = millisecondsOf(asked);
  if (ms === undefined) return 'malformed';
  // Eight digits and the unit are valid as sent.
  if (ms <= msMax && asked.length <= 9) return String(asked);
  const cut = Math.min(Math.ceil(ms), msMax);
  return cut < 1e8 ? `${cut}m` : `${Math.floor(cut / 1000)}S`;
}
