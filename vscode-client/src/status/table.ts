/**
 * The hover of the status item, as Markdown: a table of this session and today by feature, what was predicted against
 * what was billed, what stored answers saved, and the last cache miss. Pure.
 *
 * What the server or a model wrote goes in as text without any meaning to Markdown, and nothing in it is a command but
 * the fixed links of `item.ts`.
 */

import type { CacheMiss, Status, Totals, Usage } from '../protocol';
import { money, percent } from './text';

type Translate = (message: string, ...args: (string | number)[]) => string;

export interface Told {
  status: Status;
  session: Totals;
  /** Today's sums by feature; empty until they were asked for. */
  byFeature: Readonly<Record<string, Totals>>;
  /** The last request whose cache read came out short. */
  miss: CacheMiss | undefined;
  t: Translate;
}

/** The hover as Markdown. */
export function table({ status, session, byFeature, miss, t }: Told): string {
  const rows = [
    row(t('Session'), session),
    row(t('Today'), status.today),
    ...Object.entries(byFeature)
      .filter(([, totals]) => totals.requests + totals.answersHits > 0)
      .sort(([, one], [, other]) => other.costUsd - one.costUsd)
      .map(([feature, totals]) => row(t('30 days: {0}', plain(feature)), totals)),
  ];
  const parts = [
    `**cachewise** · ${plain(status.model)}`,
    [
      `| | ${t('requests')} | ${t('input')} | ${t('cached')} | ${t('output')} | ${t('cost')} | ${t('saved')} |`,
      '|---|--:|--:|--:|--:|--:|--:|',
      ...rows,
    ].join('\n'),
  ];
  if (status.message !== '') {
    parts.splice(1, 0, `$(warning) ${plain(status.message)}`);
  }
  if (session.answersHits > 0) {
    parts.push(t('{0} answers served from this machine, {1} saved', session.answersHits, dollars(session.answersSavedUsd)));
  }
  if (status.last !== null) {
    parts.push(last(status.last, t));
  }
  if (miss !== undefined) {
    parts.push(t('Last cache miss: {0} ({1} tokens). {2}', miss.reason, miss.tokens ?? '?', plain(miss.detail)));
  }
  return parts.join('\n\n');
}

function row(name: string, totals: Totals): string {
  const cells = [
    name,
    String(totals.requests),
    count(totals.inputTokens),
    totals.hitRatio === null ? '' : percent(totals.hitRatio),
    count(totals.outputTokens),
    money(totals),
    dollars(totals.savedUsd),
  ];
  return `| ${cells.join(' | ')} |`;
}

/** What the last request was expected to read, and what was billed. */
function last(usage: Usage, t: Translate): string {
  const cost = usage.costUsd === null ? '?' : `${usage.costSource === 'estimated' ? '~' : ''}${dollars(usage.costUsd)}`;
  const { predicted } = usage;
  const head = t('Last: {0}, {1}', plain(usage.feature), cost);
  if (predicted === null) {
    return head;
  }
  const expected = predicted.inputUsd === null ? '?' : dollars(predicted.inputUsd);
  return `${head} · ${t(
    'predicted {0} read, {1} for the input; {2} read',
    count(predicted.cacheReadTokens),
    expected,
    usage.cacheReadTokens === null ? '?' : count(usage.cacheReadTokens),
  )}`;
}

/** Dollars with four digits. */
function dollars(amount: number): string {
  return `${amount < 0 ? '-' : ''}$${Math.abs(amount).toFixed(4)}`;
}

function count(tokens: number): string {
  return tokens.toLocaleString('en-US');
}

/** Text in which Markdown finds nothing: every sign that could mean something is escaped. */
export function plain(text: string): string {
  return text.replace(/\s+/gu, ' ').replace(/[\\`*_{}[\]()#+\-.!|<>~$&:@]/gu, '\\$&');
}
