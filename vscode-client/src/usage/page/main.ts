/** The page of the usage view, inside the webview: asks for the numbers, and shows them whenever they come. */

import type { FromPage, ToPage } from '../rows';
import { draw, erase } from './charts';
import { page } from './document';

declare function acquireVsCodeApi(): { postMessage(message: FromPage): void };

const editor = acquireVsCodeApi();
const main = document.querySelector('main');
let last: ToPage | undefined;

function show(): void {
  if (last === undefined || main === null) {
    return;
  }
  erase();
  main.replaceChildren(
    ...page(last, (wish) => {
      editor.postMessage({ wish });
    }),
  );
  if ('report' in last) {
    draw(main, last.report, last.words);
  }
}

window.addEventListener('message', ({ data }: MessageEvent<ToPage>) => {
  last = data;
  show();
});
// The editor names its theme in the body's classes; colours are read when a chart is drawn.
new MutationObserver(show).observe(document.body, { attributes: true, attributeFilter: ['class'] });
editor.postMessage({ wish: 'report' });
