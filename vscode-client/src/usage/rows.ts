/** The server's sums as rows: of charts, of tables and of a CSV file. Pure, and shared by the page and the extension. */

import type { Totals, Usage, UsageReport } from '../protocol';

/** The words of the page, in the editor's language. */
export interface Words {
  language: string;
  title: string;
  refresh: string;
  exportCsv: string;
  exportJson: string;
  session: string;
  today: string;
  period: string;
  saved: string;
  hitRate: string;
  costPerDay: string;
  costByFeature: string;
  hitRateOverTime: string;
  dearest: string;
  asTable: string;
  nothing: string;
  trouble: string;
  unknownPart: string;
  day: string;
  cost: string;
  requests: string;
  feature: string;
  model: string;
  input: string;
  cached: string;
  output: string;
  outcome: string;
  miss: string;
}

/** What the extension tells the page. */
export type ToPage = { words: Words } & ({ report: UsageReport } | { trouble: string });

/** What the page asks for. */
export interface FromPage {
  wish: 'report' | 'csv' | 'json';
}

/** One point of a chart and row of its table. */
export interface Point {
  name: string;
  totals: Totals;
}

/** How many of the dearest requests are shown. */
export const DEAREST = 10;

/** The days in order of time. */
export function days(report: UsageReport): Point[] {
  return report.days
    .map(({ date, ...totals }) => ({ name: date, totals }))
    .sort((one, other) => one.name.localeCompare(other.name));
}

/** The features, the dearest first. */
export function features(report: UsageReport): Point[] {
  return Object.entries(report.byFeature)
    .map(([name, totals]) => ({ name, totals }))
    .sort((one, other) => other.totals.costUsd - one.totals.costUsd || one.name.localeCompare(other.name));
}

/** Requests by cost, the dearest first. One whose cost is not known is not among them. */
export function dearest(report: UsageReport): Usage[] {
  return report.recent
    .filter((usage) => usage.costUsd !== null)
    .sort((one, other) => (other.costUsd ?? 0) - (one.costUsd ?? 0))
    .slice(0, DEAREST);
}

/** The share of a request's input that was read from the cache; undefined where it is not known. */
export function share(usage: Usage): number | undefined {
  const { inputTokens, cacheReadTokens } = usage;
  return inputTokens === null || cacheReadTokens === null || inputTokens === 0
    ? undefined
    : cacheReadTokens / inputTokens;
}

/** What several days cost together. */
export function cost(points: readonly Point[]): Pick<Totals, 'costUsd' | 'costIsComplete'> {
  return {
    costUsd: points.reduce((sum, { totals }) => sum + totals.costUsd, 0),
    costIsComplete: points.every(({ totals }) => totals.costIsComplete),
  };
}

const COLUMNS = [
  'requests', 'inputTokens', 'cacheReadTokens', 'cacheWriteTokens', 'outputTokens', 'costUsd', 'costIsComplete',
  'savedUsd', 'hitRatio', 'answersHits', 'answersSavedUsd', 'shown', 'accepted',
] as const satisfies readonly (keyof Totals)[]; // prettier-ignore

/** All sums as CSV (RFC 4180): a row for each day, feature and model. What is not known is empty. */
export function csv(report: UsageReport): string {
  const models = Object.entries(report.byModel).map(([name, totals]) => ({ name, totals }));
  const groups: [string, Point[]][] = [
    ['day', days(report)],
    ['feature', features(report)],
    ['model', models],
  ];
  const rows = groups.flatMap(([by, points]) =>
    points.map(({ name, totals }) => [by, name, ...COLUMNS.map((column) => totals[column])]),
  );
  return [['by', 'name', ...COLUMNS], ...rows].map((row) => `${row.map(field).join(',')}\r\n`).join('');
}

function field(value: string | number | boolean | null): string {
  const text = value === null ? '' : String(value);
  // A spreadsheet would run a name that looks like a formula.
  const safe = typeof value === 'string' && /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
