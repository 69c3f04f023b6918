/**
 * Other suggestions for the cursor, made of what came before: they cost no request. Pure.
 *
 * An alternative is the first line of a longer suggestion, or an earlier suggestion of the same place that still fits
 * what was typed since.
 */

/** A place in a line, and the text before the range that a suggestion replaces. */
export interface Spot {
  uri: string;
  line: number;
  /** The text of the line up to the start of the replaced range. */
  head: string;
  /** What stands in the range, up to the cursor. */
  typed: string;
}

/** Suggestions that are remembered. */
export const KEPT = 40;
/** Alternatives that are offered beside the server's own suggestion. */
export const MOST = 3;

interface Seen {
  uri: string;
  line: number;
  /** The text of the line before the suggestion began. */
  head: string;
  text: string;
}

export class Alternatives {
  private seen: Seen[] = [];

  /** Remembers a suggestion that the server made; a longer one takes the place of that which it has grown from. */
  note(spot: Spot, text: string): void {
    const grown = (old: Seen): boolean => same(old, spot) && text.startsWith(old.text);
    this.seen = this.seen.filter((old) => !grown(old));
    this.seen.push({ uri: spot.uri, line: spot.line, head: spot.head, text });
    this.seen.splice(0, this.seen.length - KEPT);
  }

  /** What else fits beside `text`, the newest first. */
  beside(spot: Spot, text: string): string[] {
    const found = new Set<string>();
    const first = firstLine(text, spot.typed);
    if (first !== undefined) {
      found.add(first);
    }
    for (const old of this.seen.toReversed()) {
      if (same(old, spot) && old.text.startsWith(spot.typed) && old.text !== spot.typed) {
        found.add(old.text);
      }
    }
    found.delete(text);
    return [...found].slice(0, MOST);
  }

  /** Forgets what was suggested in a document. */
  forget(uri: string): void {
    this.seen = this.seen.filter((old) => old.uri !== uri);
  }
}

function same(old: Seen, spot: Spot): boolean {
  return old.uri === spot.uri && old.line === spot.line && old.head === spot.head;
}

/** The first line of a text of several; undefined where that is no more than what was typed. */
function firstLine(text: string, typed: string): string | undefined {
  const end = text.search(/\r?\n/);
  const first = end < 0 ? text : text.slice(0, end);
  return end > 0 && first.trim() !== '' && first.length > typed.length ? first : undefined;
}
