/** The status item as a pure function of what is known: text, state and colour. Not here: its hover table (`table.ts`). */

import type { Status, Totals } from '../protocol';

/** What the extension itself knows about the server. */
export type Life = 'off' | 'starting' | 'running' | 'restarting' | 'down' | 'missing' | 'installing';

export type Level = 'full' | 'compact' | 'off';

export interface Face {
  text: string;
  /** Read out instead of the text and its icons. */
  spoken: string;
  colour: 'warning' | 'error' | undefined;
}

export interface Known {
  life: Life;
  status: Status | undefined;
  /** The session over all servers of this window; a restarted one begins at 0. */
  session: Totals | undefined;
  paused: boolean;
  /** Answers that stream, which the server does not count when they come from its store. */
  streaming: boolean;
  level: Level;
  now: Date;
  /** Translates. */
  t: (message: string, ...args: (string | number)[]) => string;
}

/** Dollars with four digits, or `$?`; a `?` behind it where a part is not known. */
export function money(totals: Pick<Totals, 'costUsd' | 'costIsComplete'>): string {
  return `$${totals.costUsd.toFixed(4)}${totals.costIsComplete ? '' : '?'}`;
}

/** A ratio as whole percent, where only all is 100 and only nothing is 0. */
export function percent(ratio: number): string {
  const rounded = Math.round(ratio * 100);
  return `${ratio > 0 && ratio < 1 ? Math.min(Math.max(rounded, 1), 99) : rounded}%`;
}

/** Minutes until the provider forgets the shared context, rounded up; undefined where it does not hold it. */
export function minutesWarm(status: Status, now: Date): number | undefined {
  const { state, expiresAt } = status.prefix;
  if (state !== 'warm' || expiresAt === null) {
    return undefined;
  }
  const left = Date.parse(expiresAt) - now.getTime();
  return left > 0 ? Math.ceil(left / 60_000) : undefined;
}

/** What the status item shows; undefined where it is to be hidden. */
export function face(known: Known): Face | undefined {
  if (known.level === 'off') {
    return undefined;
  }
  const { t, status, session } = known;
  const without = lifeless(known);
  if (without !== undefined || status === undefined || session === undefined) {
    return without ?? plain('$(loading~spin)', 'cachewise', t('cachewise is starting'));
  }
  const cost = money(session);
  const parts = [cost];
  const spoken = [t('cachewise: {0} in this session', cost)];
  if (known.level === 'full' && session.hitRatio !== null) {
    parts.push(percent(session.hitRatio));
    spoken.push(t('{0} of the input read from the cache', percent(session.hitRatio)));
  }
  const [icon, word, colour] = condition(known, status);
  if (known.level === 'full' && word !== '') {
    parts.push(word);
  }
  if (word !== '') {
    spoken.push(word);
  }
  if (status.health !== 'ok' && status.message !== '') {
    spoken.push(status.message);
  }
  return { text: `${icon === '' ? '' : `${icon} `}${parts.join(' · ')}`, spoken: spoken.join(', '), colour };
}

/** The face of a time in which no server answers. */
function lifeless({ life, t }: Known): Face | undefined {
  switch (life) {
    case 'running':
      return undefined;
    case 'off':
    case 'starting':
      return plain('$(loading~spin)', 'cachewise', t('cachewise is starting'));
    case 'restarting':
      return plain('$(sync~spin)', 'cachewise', t('The cachewise server ended and is started again'));
    case 'installing':
      return plain('$(loading~spin)', 'cachewise', t('The cachewise server is being installed'));
    case 'missing':
      return {
        ...plain('$(cloud-download)', t('cachewise: install'), t('The cachewise server is not installed')),
        colour: 'warning',
      };
    case 'down':
      return { ...plain('$(error)', 'cachewise', t('The cachewise server does not run')), colour: 'error' };
  }
}

/** Icon, word and colour of what matters most now. */
function condition(known: Known, status: Status): [string, string, Face['colour']] {
  const { t } = known;
  if (known.streaming || !status.quiescent) {
    return ['$(loading~spin)', '', undefined];
  }
  if (known.paused) {
    return ['$(debug-pause)', t('paused'), undefined];
  }
  switch (status.condition) {
    case 'key':
      return ['$(key)', t('no key'), 'warning'];
    case 'overBudget':
      return ['$(circle-slash)', t('over budget'), 'error'];
    case 'offline':
      return ['$(debug-disconnect)', t('offline'), 'warning'];
    default:
  }
  if (status.health === 'error') {
    return ['$(error)', t('error'), 'error'];
  }
  if (status.health === 'warning') {
    return ['$(warning)', '', 'warning'];
  }
  const minutes = minutesWarm(status, known.now);
  if (minutes !== undefined) {
    return ['$(flame)', t('{0} min', minutes), undefined];
  }
  return [status.prefix.state === 'cold' ? '$(circle-outline)' : '', '', undefined];
}

function plain(icon: string, text: string, spoken: string): Face {
  return { text: `${icon} ${text}`, spoken, colour: undefined };
}
