/** Reads the bodies of reports of leaked credentials. No message repeats anything of them. */

import type { ReportedText } from '../../leaks/take-reports.ts';
import { hint } from '../../reading/nearest.ts';
import { repeatedMember } from '../../reading/repeated-member.ts';

/** Most findings of one report that is not GitHub's. */
const findingsMax = 1000;

/** A finding as GitHub reports it, whose `type` is in the answer. */
export type GithubFinding = ReportedText & { type: string };

/**
 * Reads the list that GitHub's secret scanning sends, or returns what is wrong with it. Members that are
 * not known are ignored, since the form is GitHub's.
 */
export function readGithubReport(body: Buffer): GithubFinding[] | string {
  const list = jsonIn(body);
  if (!Array.isArray(list)) return 'the report is not a JSON array';
  const found = list.map(entry => {
    const { token, type, url, source } = isObject(entry) ? entry : {};
    if (typeof token !== 'string' || typeof type !== 'string') return undefined;
    return { credential: token, type, url: textOr(url), source: textOr(source) };
  });
  const isWhole = (each: GithubFinding | undefined) => each !== undefined;
  return found.every(isWhole) ? found : 'an entry of the report has no token or no type';
}

/** Reads `{"findings":[{"credential","url","source"}]}`, or returns what is wrong with it. */
export function readReport(body: Buffer): ReportedText[] | string {
  const report = jsonIn(body);
  if (!isObject(report)) return 'the report is not a JSON object';
  if (repeatedMember(body.toString()) !== undefined) return 'the report has a member twice';
  const unknown = unknownIn(report, ['findings']);
  if (unknown !== undefined) return `the report has ${unknown}`;
  const { findings } = report;
  if (!Array.isArray(findings)) return 'the report has no list "findings"';
  if (findings.length > findingsMax) return `the report has more than ${findingsMax} findings`;
  const found: ReportedText[] = [];
  for (const [n, finding] of findings.entries()) {
    const place = `findings[${n}]`;
    if (!isObject(finding)) return `${place} is not an object`;
    const other = unknownIn(finding, ['credential', 'url', 'source']);
    if (other !== undefined) return `${place} has ${other}`;
    const { credential, url = '', source = '' } = finding;
    if (typeof credential !== 'string' || credential === '') return `${place} has no credential`;
    if (typeof url !== 'string' || typeof source !== 'string') {
      return `${place} has an url or source that is not a text`;
    }
    found.push({ credential, url, source });
  }
  return found;
}

/** The first member that is not known, if it can be named: a credential may stand in its place. */
function unknownIn(object: object, known: readonly string[]): string | undefined {
  const name = Object.keys(object).find(each => !known.includes(each));
  if (name === undefined) return undefined;
  if (!/^[\w-]{1,20}$/.test(name)) return 'a member that is not known';
  return `the member ${name}, which is not known${hint(name, known)}`;
}

function jsonIn(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString());
  } catch {
    return undefined;
  }
}

function textOr(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
