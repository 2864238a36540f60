/**
 * POST /leaks/github and POST /leaks: reports of leaked credentials, by GitHub's secret scanning and by
 * other scanners. Without a right signature nothing is looked up, and nothing is said about any credential.
 */

import { hash } from 'node:crypto';
import type { IsSignedByGithub } from '../../leaks/github-keys.ts';
import type { Reporter } from '../../leaks/leak.ts';
import { isSignedReport } from '../../leaks/report-signature.ts';
import type { Outcome, ReportedText, TakeReport } from '../../leaks/take-reports.ts';
import { Unavailable } from '../../store/store.ts';
import { TokenError } from '../../tokens/errors.ts';
import type { Guesses } from '../../tokens/guesses.ts';
import type { Sums } from '../../tokens/sums.ts';
import { answerError, answerJson, retryAfterOf } from '../http/answer.ts';
import { heldBody } from '../http/held-body.ts';
import type { HttpLimits } from '../http/limits.ts';
import type { HttpRequest, HttpResponse } from '../http/message.ts';
import type { Route } from '../http/router.ts';
import { unavailableText } from '../rpc/failure.ts';
import type { Guard } from '../rpc/guard.ts';
import { readGithubReport, readReport } from './leak-report.ts';

/** What the routes need. */
export interface LeakDeps {
  takeReport: TakeReport;
  /** Absent where GitHub's reports are not taken. */
  isSignedByGithub?: IsSignedByGithub;
  /** The secret of USHER_LEAK_SECRET; absent where other reports are not taken. */
  secret?: Uint8Array;
  guesses: Pick<Guesses, 'begin'>;
  /** Counts refused calls for the audit log. */
  sums: Pick<Sums, 'refused'>;
  /** The client's address. */
  addressOf(req: HttpRequest): string;
  /** Milliseconds since 1970. */
  now(): number;
  limits: Pick<HttpLimits, 'receiveBytesMax'>;
  /** Of the listener. */
  guard: Pick<Guard, 'requests' | 'requestRefused'>;
}

/** A refusal or a failure. */
interface Refusal {
  status: 400 | 401 | 413 | 429 | 503;
  text: string;
  retryAfterMs?: number;
}

/** What differs between the two paths. */
interface Door {
  path: string;
  by: Reporter;
  isSigned(req: HttpRequest, body: Buffer): boolean | Promise<boolean>;
  /** The reported texts, or what is wrong with the body. */
  read(body: Buffer): readonly (ReportedText & { type?: string })[] | string;
  answer(
    found: readonly (ReportedText & { type?: string })[],
    outcomes: readonly Outcome[],
  ): unknown;
}

/** The routes that the settings ask for. */
export function leakRoutes(deps: LeakDeps): Route[] {
  const { isSignedByGithub, secret, now } = deps;
  const doors: Door[] = [];
  if (isSignedByGithub !== undefined) {
    doors.push({
      path: '/leaks/github',
      by: 'github',
      isSigned: (req, body) => isSignedByGithub(githubHeaders(req), body),
      read: readGithubReport,
      answer: feedback,
    });
  }
  if (secret !== undefined) {
    doors.push({
      path: '/leaks',
      by: 'report',
      isSigned: (req, body) => isSignedReport(secret, signedHeaders(req), body, now()),
      read: readReport,
      answer: (_, outcomes) => ({ outcomes }),
    });
  }
  return doors.map(door => leakRoute(door, deps));
}

function githubHeaders(req: HttpRequest) {
  return {
    keyId: headerOf(req, 'github-public-key-identifier'),
    signature: headerOf(req, 'github-public-key-signature'),
  };
}

function signedHeaders(req: HttpRequest) {
  return {
    id: headerOf(req, 'webhook-id'),
    timestamp: headerOf(req, 'webhook-timestamp'),
    signature: headerOf(req, 'webhook-signature'),
  };
}

function headerOf({ headers }: HttpRequest, name: string): string {
  const value = headers[name];
  return typeof value === 'string' ? value : '';
}

/** GitHub's form for telling it which findings were real. A digest says which is meant. */
function feedback(
  found: readonly (ReportedText & { type?: string })[],
  outcomes: readonly Outcome[],
): unknown {
  return found.map(({ credential, type = '' }, n) => ({
    token_hash: hash('sha256', credential),
    token_type: type,
    label: outcomes[n] === 'unknown' ? 'false_positive' : 'true_positive',
  }));
}

function leakRoute(door: Door, deps: LeakDeps): Route {
  const { limits, guard } = deps;
  const route: Route = {
    path: door.path,
    methods: ['POST'],
    async handle(req, res) {
      const answer = await answerTo(door, deps, req).catch(orUnavailable);
      if (isRefusal(answer)) refuse(req, res, answer);
      else answerJson(res, 200, answer.body);
    },
  };
  return heldBody(route, limits.receiveBytesMax, guard);
}

async function answerTo(
  door: Door,
  deps: LeakDeps,
  req: HttpRequest,
): Promise<{ body: unknown } | Refusal> {
  const peer = deps.addressOf(req);
  const body = await readBody(req, deps.limits.receiveBytesMax);
  if ('status' in body) return body;
  if (!(await door.isSigned(req, body))) return await wrongSignature(door, deps, peer);
  const found = door.read(body);
  if (typeof found === 'string') return { status: 400, text: found };
  const outcomes = await deps.takeReport({ by: door.by, peer, found });
  return { body: door.answer(found, outcomes) };
}

/** Counts a wrong signature as a wrong credential; a source of many is answered with 429. */
async function wrongSignature({ path }: Door, deps: LeakDeps, peer: string): Promise<Refusal> {
  await deps.sums.refused({ actor: '', peer, detail: `POST ${path}: wrong signature` });
  try {
    deps.guesses.begin(peer).end(true);
  } catch (error) {
    if (!(error instanceof TokenError && error.retryAfterMs !== undefined)) throw error;
    return { status: 429, text: error.message, retryAfterMs: error.retryAfterMs };
  }
  return { status: 401, text: 'the signature of the report is missing, wrong or too old' };
}

async function readBody(req: HttpRequest, bytesMax: number): Promise<Buffer | Refusal> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    // A destroyed request could not be answered.
    for await (const chunk of req.iterator({ destroyOnReturn: false })) {
      size += chunk.length;
      if (size > bytesMax) {
        return {
          status: 413,
          text: `the report is longer than ${bytesMax} bytes; send it in parts`,
        };
      }
      chunks.push(chunk);
    }
  } catch {
    return { status: 400, text: 'the report was cut short' };
  }
  return Buffer.concat(chunks);
}

function isRefusal(answer: { body: unknown } | Refusal): answer is Refusal {
  return 'status' in answer;
}

/** GitHub's keys cannot be fetched, or the store is away: the report can be repeated. */
function orUnavailable(error: unknown): Refusal {
  if (!(error instanceof Unavailable)) throw error;
  return { status: 503, text: unavailableText, retryAfterMs: 1000 };
}

function refuse(req: HttpRequest, res: HttpResponse, { status, text, ...rest }: Refusal): void {
  answerError(res, status, text, {
    ...retryAfterOf(rest),
    // The rest of an unread report is not awaited.
    ...(req.complete ? {} : { Connection: 'close' }),
  });
}
