/**
 * The usage view: a webview that shows the server's sums as charts and tables, and exports them.
 *
 * It is given numbers and words only. Its page may run its own script, and reach nothing. Not here: what it draws
 * (`page/`), and how the numbers are put into rows (`rows.ts`).
 */

import * as vscode from 'vscode';
import { randomBytes } from 'node:crypto';
import type { UsageReport } from '../protocol';
import { csv, type FromPage, type ToPage, type Words } from './rows';

let open: vscode.WebviewPanel | undefined;

/** Shows the view, or brings it to the front. `fetch` asks the server for its sums. */
export function showUsage(context: vscode.ExtensionContext, fetch: () => Promise<UsageReport>): void {
  if (open !== undefined) {
    open.reveal();
    return;
  }
  const bundle = vscode.Uri.joinPath(context.extensionUri, 'dist');
  const panel = vscode.window.createWebviewPanel('cachewise.usage', vscode.l10n.t('Usage'), vscode.ViewColumn.Active, {
    enableScripts: true,
    localResourceRoots: [bundle],
  });
  open = panel;
  let report: UsageReport | undefined;
  const tell = async (): Promise<void> => {
    const message: ToPage = await fetch().then(
      (found) => {
        report = found;
        return { report: found, words: words() };
      },
      (error: unknown) => ({ trouble: error instanceof Error ? error.message : String(error), words: words() }),
    );
    await panel.webview.postMessage(message);
  };
  panel.webview.onDidReceiveMessage(async (message: FromPage) => {
    if (message.wish === 'report') {
      await tell();
    } else if (report !== undefined) {
      await save(message.wish, report);
    }
  });
  // The page is built anew whenever it comes to the front, and asks then.
  panel.onDidDispose(() => {
    open = undefined;
  });
  panel.webview.html = html(panel.webview, vscode.Uri.joinPath(bundle, 'usage.js'));
}

async function save(kind: 'csv' | 'json', report: UsageReport): Promise<void> {
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri;
  const name = `cachewise-usage.${kind}`;
  const target = await vscode.window.showSaveDialog({
    ...(folder === undefined ? {} : { defaultUri: vscode.Uri.joinPath(folder, name) }),
    filters: { [kind.toUpperCase()]: [kind] },
  });
  if (target !== undefined) {
    const text = kind === 'csv' ? csv(report) : `${JSON.stringify(report, null, 2)}\n`;
    await vscode.workspace.fs.writeFile(target, new TextEncoder().encode(text));
  }
}

function html(webview: vscode.Webview, script: vscode.Uri): string {
  const nonce = randomBytes(16).toString('base64');
  const policy = `default-src 'none'; style-src 'nonce-${nonce}'; script-src 'nonce-${nonce}'`;
  return `<!DOCTYPE html>
<html lang="${vscode.env.language}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<title>${vscode.l10n.t('Usage')}</title>
<style nonce="${nonce}">${STYLE}</style>
</head>
<body>
<main aria-live="polite"></main>
<script nonce="${nonce}" src="${webview.asWebviewUri(script).toString()}"></script>
</body>
</html>`;
}

const STYLE = `
body { padding: 0 1.5rem 1.5rem; }
.bar { display: flex; gap: .5rem; align-items: center; flex-wrap: wrap; }
.bar h1 { margin-right: auto; }
h1 { font-size: 1.6em; font-weight: 600; }
h2 { font-size: 1.15em; font-weight: 600; }
button { color: var(--vscode-button-secondaryForeground); background: var(--vscode-button-secondaryBackground);
  border: 1px solid var(--vscode-button-border, transparent); border-radius: 2px; padding: .3rem .8rem; font: inherit; cursor: pointer; }
button:hover { background: var(--vscode-button-secondaryHoverBackground); }
button:focus-visible, summary:focus-visible { outline: 1px solid var(--vscode-focusBorder); outline-offset: 2px; }
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(9rem, 1fr)); gap: 1rem; margin: 0; }
.cards div { border: 1px solid var(--vscode-widget-border, var(--vscode-contrastBorder, transparent)); border-radius: 4px; padding: .6rem .8rem; }
.cards dt { color: var(--vscode-descriptionForeground); }
.cards dd { margin: .2rem 0 0; font-size: 1.5em; font-variant-numeric: tabular-nums; }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(20rem, 1fr)); gap: 1rem 2rem; }
.canvas { position: relative; height: 12rem; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: right; padding: .25rem .5rem; border-bottom: 1px solid var(--vscode-widget-border, var(--vscode-contrastBorder, #8884)); }
th:first-child, td:first-child { text-align: left; }
summary { cursor: pointer; color: var(--vscode-textLink-foreground); }
.note { color: var(--vscode-descriptionForeground); }
`;

/** The words of the page, in the editor's language. */
function words(): Words {
  const { t } = vscode.l10n;
  return {
    language: vscode.env.language,
    title: t('Usage'),
    refresh: t('Refresh'),
    exportCsv: t('Export as CSV'),
    exportJson: t('Export as JSON'),
    session: t('This session'),
    today: t('Today'),
    period: t('30 days'),
    saved: t('Saved by caching today'),
    hitRate: t('Read from the cache'),
    costPerDay: t('Cost per day'),
    costByFeature: t('Cost by feature'),
    hitRateOverTime: t('Input read from the cache, by day'),
    dearest: t('The dearest requests of this session'),
    asTable: t('Show as a table'),
    nothing: t('Nothing was used yet.'),
    trouble: t('The numbers can\'t be had now.'),
    unknownPart: t('A "?" marks sums in which the cost of a request is not known.'),
    day: t('Day'),
    cost: t('Cost'),
    requests: t('Requests'),
    feature: t('Feature'),
    model: t('Model'),
    input: t('Input tokens'),
    cached: t('Cached'),
    output: t('Output tokens'),
    outcome: t('Outcome'),
    miss: t('Why not cached'),
  };
}
