/** The elements of the usage page: headings, sums, places for charts, each with its numbers as a table. */

import { days, dearest, cost, features, share, type FromPage, type Point, type ToPage, type Words } from '../rows';
import { money, percent } from '../../status/text';
import type { UsageReport } from '../../protocol';

/** The names of the charts' places. */
export type Chart = 'costPerDay' | 'costByFeature' | 'hitRateOverTime';

/** All of the page. `ask` tells the extension a wish. */
export function page(message: ToPage, ask: (wish: FromPage['wish']) => void): HTMLElement[] {
  const { words } = message;
  const bar = element('div', { class: 'bar' }, element('h1', {}, words.title));
  const buttons: [FromPage['wish'], string][] = [['report', words.refresh]];
  if ('report' in message) {
    buttons.push(['csv', words.exportCsv], ['json', words.exportJson]);
  }
  for (const [wish, label] of buttons) {
    const button = element('button', { type: 'button', 'data-wish': wish }, label);
    button.addEventListener('click', () => {
      ask(wish);
    });
    bar.append(button);
  }
  if ('trouble' in message) {
    return [bar, element('p', { role: 'alert' }, `${words.trouble} ${message.trouble}`)];
  }
  return [bar, cards(message.report, words), ...charts(message.report, words), requests(message.report, words)];
}

function cards(report: UsageReport, words: Words): HTMLElement {
  const { session, today } = report;
  const list = element('dl', { class: 'cards' });
  const shown: [string, string][] = [
    [words.session, money(session)],
    [words.today, money(today)],
    [words.period, money(cost(days(report)))],
    [words.hitRate, session.hitRatio === null ? '–' : percent(session.hitRatio)],
    [words.saved, dollars(today.savedUsd + today.answersSavedUsd)],
  ];
  for (const [name, value] of shown) {
    list.append(element('div', {}, element('dt', {}, name), element('dd', {}, value)));
  }
  return list;
}

function charts(report: UsageReport, words: Words): HTMLElement[] {
  const byDay = days(report);
  if (byDay.length === 0) {
    return [element('p', { class: 'note' }, words.nothing)];
  }
  const box = element('div', { class: 'charts' });
  const byFeature = features(report);
  box.append(
    chart('costPerDay', words, words.day, byDay),
    chart('costByFeature', words, words.feature, byFeature),
    chart('hitRateOverTime', words, words.day, byDay),
  );
  const unknown = [...byDay, ...byFeature].some(({ totals }) => !totals.costIsComplete);
  return unknown ? [box, element('p', { class: 'note' }, words.unknownPart)] : [box];
}

function chart(name: Chart, words: Words, first: string, points: readonly Point[]): HTMLElement {
  const rows = points.map(({ name: row, totals }) => [
    row,
    money(totals),
    String(totals.requests),
    totals.hitRatio === null ? '–' : percent(totals.hitRatio),
  ]);
  return element(
    'section',
    { 'aria-labelledby': name },
    element('h2', { id: name }, words[name]),
    // The picture says nothing that the table does not; readers of the screen get the table.
    element('div', { class: 'canvas', 'aria-hidden': 'true' }, element('canvas', { 'data-chart': name })),
    element(
      'details',
      {},
      element('summary', {}, words.asTable),
      table(words[name], [first, words.cost, words.requests, words.hitRate], rows),
    ),
  );
}

function requests(report: UsageReport, words: Words): HTMLElement {
  const head = [words.feature, words.model, words.cost, words.input, words.cached, words.output, words.outcome, words.miss];
  const rows = dearest(report).map((usage) => {
    const cached = share(usage);
    return [
      usage.feature,
      usage.model,
      dollars(usage.costUsd),
      amount(usage.inputTokens, words),
      cached === undefined ? '–' : percent(cached),
      amount(usage.outputTokens, words),
      usage.outcome,
      usage.cacheMiss === null ? '' : usage.cacheMiss.reason,
    ];
  });
  const body =
    rows.length === 0 ? element('p', { class: 'note' }, words.nothing) : table(words.dearest, head, rows);
  return element('section', { 'aria-labelledby': 'dearest' }, element('h2', { id: 'dearest' }, words.dearest), body);
}

function table(label: string, head: readonly string[], rows: readonly (readonly string[])[]): HTMLElement {
  const cells = (kind: 'td' | 'th', texts: readonly string[]): HTMLElement =>
    element(
      'tr',
      {},
      ...texts.map((text, column) =>
        kind === 'th'
          ? element('th', { scope: 'col' }, text)
          : element(column === 0 ? 'th' : 'td', column === 0 ? { scope: 'row' } : {}, text),
      ),
    );
  return element(
    'table',
    { 'aria-label': label },
    element('thead', {}, cells('th', head)),
    element('tbody', {}, ...rows.map((row) => cells('td', row))),
  );
}

function dollars(usd: number | null): string {
  return usd === null ? '–' : `${usd < 0 ? '-' : ''}$${Math.abs(usd).toFixed(4)}`;
}

function amount(count: number | null, words: Words): string {
  return count === null ? '–' : count.toLocaleString(words.language);
}

/** An element with attributes and content; strings become text, never markup. */
function element(tag: string, attributes: Record<string, string>, ...content: (Node | string)[]): HTMLElement {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    made.setAttribute(name, value);
  }
  made.append(...content);
  return made;
}
