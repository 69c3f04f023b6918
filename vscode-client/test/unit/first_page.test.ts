import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FirstPage, LOADING, REST } from '../../src/answers/first_page';
import { ran } from './vscode';

const RELOAD = ['markdown.preview.refresh'];

describe('the first page', () => {
  let page: FirstPage;

  beforeEach(() => {
    vi.useFakeTimers();
    ran.length = 0;
    page = new FirstPage();
  });

  afterEach(() => {
    page.dispose();
    vi.useRealTimers();
  });

  it('is left alone while nothing changes', () => {
    vi.advanceTimersByTime(2 * LOADING);
    expect(ran).toEqual([]);
  });

  it('is loaded anew when its answer rests, and not before', () => {
    for (let change = 0; change < 5; change += 1) {
      page.changed();
      vi.advanceTimersByTime(REST - 1);
      expect(ran).toEqual([]);
    }
    vi.advanceTimersByTime(1);
    expect(ran).toEqual([RELOAD]);
  });

  it('is loaded anew once', () => {
    page.changed();
    vi.advanceTimersByTime(REST);
    page.changed();
    vi.advanceTimersByTime(2 * LOADING);
    expect(ran).toEqual([RELOAD]);
  });

  it('has long been loaded where the answer still streams after that time', () => {
    for (let passed = 0; passed <= LOADING; passed += REST / 2) {
      page.changed();
      vi.advanceTimersByTime(REST / 2);
    }
    page.changed();
    vi.advanceTimersByTime(2 * LOADING);
    expect(ran).toEqual([]);
  });

  it('is left alone once the window closes', () => {
    page.changed();
    page.dispose();
    page.changed();
    vi.advanceTimersByTime(2 * LOADING);
    expect(ran).toEqual([]);
  });
});
