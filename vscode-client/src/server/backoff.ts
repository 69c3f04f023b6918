/** When a server that died is started again, and when it stays down. Pure. */

/** A server that dies more often than this in `SPAN` stays down. */
export const MOST_RESTARTS = 5;
/** Milliseconds. */
export const SPAN = 180_000;
/** Milliseconds until the first restart; each further one in the span waits twice as long. */
export const FIRST_DELAY = 250;

export class Backoff {
  private deaths: number[] = [];

  /** The server died at `now`, in milliseconds. How long to wait, or undefined to leave it down. */
  next(now: number): number | undefined {
    this.deaths = this.deaths.filter((time) => now - time < SPAN);
    if (this.deaths.length >= MOST_RESTARTS) {
      return undefined;
    }
    this.deaths.push(now);
    return FIRST_DELAY * 2 ** (this.deaths.length - 1);
  }

  /** The user asked for a start: begin to count anew. */
  forget(): void {
    this.deaths = [];
  }
}
