/** What the server told about cost and health, kept for those who show it. */

import type { CacheMiss, Status, Totals, UsageReport } from '../protocol';
import { Sessions } from './sums';

/** Milliseconds of quiet until the sums by feature are asked for. */
const SETTLED = 1500;

export class Readings {
  private readonly sessions = new Sessions();
  private timer: NodeJS.Timeout | undefined;
  private told: Status | undefined;
  private features: Record<string, Totals> = {};
  private lastMiss: CacheMiss | undefined;

  constructor(
    private readonly fetch: () => Promise<UsageReport | undefined>,
    private readonly changed: () => void,
  ) {}

  get status(): Status | undefined {
    return this.told;
  }

  get session(): Totals | undefined {
    return this.sessions.total;
  }

  get byFeature(): Readonly<Record<string, Totals>> {
    return this.features;
  }

  get miss(): CacheMiss | undefined {
    return this.lastMiss;
  }

  /** Takes a status message. */
  take(status: Status): void {
    this.sessions.told(status.session);
    this.lastMiss = status.last?.cacheMiss ?? this.lastMiss;
    this.told = status;
    clearTimeout(this.timer);
    if (status.quiescent && status.today.requests + status.today.answersHits > 0) {
      this.timer = setTimeout(() => void this.ask(), SETTLED);
    }
    this.changed();
  }

  /** A server's report with the session of this window, which may have had several servers. */
  whole(report: UsageReport): UsageReport {
    return { ...report, session: this.sessions.with(report.session) };
  }

  /** The server is gone; its session's sums stay. */
  over(): void {
    clearTimeout(this.timer);
    this.sessions.over();
  }

  dispose(): void {
    clearTimeout(this.timer);
  }

  private async ask(): Promise<void> {
    try {
      this.features = (await this.fetch())?.byFeature ?? this.features;
      this.changed();
    } catch {
      // The server ended in between; the next status asks again.
    }
  }
}
