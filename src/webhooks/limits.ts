/** Limits of webhooks. src/server/limits.ts sets the configured ones. */

/** Limits of webhooks. Times are in milliseconds. */
export interface WebhookLimits {
  /** Most webhooks. */
  webhooksMax: number;
  /** Webhooks that are read, also when the setting was larger before. */
  listedMax: number;
  /** How long one attempt may take, its connection included. */
  timeoutMs: number;
  /** The same while someone waits for the answer: a test, or a delivery that is sent again. */
  askedTimeoutMs: number;
  /** How long after its first attempt a delivery is retried. */
  retryMs: number;
  /** After how long without any success a webhook is disabled. */
  disableMs: number;
  /** How long deliveries are kept. */
  historyMs: number;
  /** How long a replica that delivers may be silent before another one takes over. */
  leaseMs: number;
  /** How often the audit log is looked at. */
  tickMs: number;
  /** How often the webhooks are read. */
  reloadMs: number;
  /** How often access tokens that expire soon are looked for. */
  expiryMs: number;
  /** How often old deliveries are removed. */
  pruneMs: number;
  /** How long attempts may go on when the server stops. */
  closeMs: number;
  /** Deliveries of a webhook that are kept. */
  historyMax: number;
  /** Deliveries of a webhook that may wait; the rest stays in the audit log until some are through. */
  waitingMax: number;
  /** Attempts of a webhook that may be under way. */
  atOnceMax: number;
  /** Entries of the log, access tokens and documents that are read in one step. */
  pageSize: number;
  /** Pages of the log that are read in one look. */
  pagesMax: number;
}

/** Limits that no setting changes. */
export const fixedWebhookLimits = {
  listedMax: 1000,
  tickMs: 1000,
  reloadMs: 5000,
  expiryMs: 60_000,
  pruneMs: 3_600_000,
  closeMs: 1000,
  historyMax: 500,
  waitingMax: 500,
  /** A target that hangs has so many connections, and holds up no other. */
  atOnceMax: 4,
  pageSize: 200,
  pagesMax: 5,
} as const satisfies Partial<WebhookLimits>;

/** What of an answer is kept. */
export const answerLimits = {
  /** Bytes that are read. */
  bytesMax: 4096,
  /** Characters that are kept. */
  charactersMax: 1000,
  /** Attempts of a delivery that are kept. */
  attemptsKept: 10,
  /** Of these, attempts whose answers are kept. */
  answersKept: 3,
} as const;
