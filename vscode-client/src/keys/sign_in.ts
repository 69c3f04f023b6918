/** *Sign in to OpenRouter*: opens the browser, and takes what comes back by the editor's own address. */

import * as vscode from 'vscode';
import { type Attempt, attempt, authorizeUrl, codeIn, exchange } from './oauth';
import type { Keys } from './store';

export class SignIn implements vscode.UriHandler {
  private waiting: Attempt | undefined;

  constructor(
    private readonly keys: Keys,
    private readonly id: string,
    private readonly log: vscode.LogOutputChannel,
  ) {}

  async begin(): Promise<void> {
    const begun = attempt(Date.now());
    this.waiting = begun;
    const own = vscode.Uri.from({
      scheme: vscode.env.uriScheme,
      authority: this.id,
      path: '/openrouter',
      query: `state=${begun.state}`,
    });
    const callback = await vscode.env.asExternalUri(own);
    // Kept as a string: the encoding of a URI object would spoil the address inside of the query.
    const page = authorizeUrl(begun, callback.toString(true));
    if (!(await vscode.env.openExternal(vscode.Uri.parse(page, true)))) {
      this.waiting = undefined;
    }
  }

  /** The browser came back. Another page may call this, too, so only what belongs to the attempt counts. */
  async handleUri(uri: vscode.Uri): Promise<void> {
    const begun = this.waiting;
    const code = begun && uri.path === '/openrouter' ? codeIn(uri.query, begun, Date.now()) : undefined;
    if (begun === undefined || code === undefined) {
      this.log.warn('A sign-in came back that belongs to none that was begun here.');
      return;
    }
    this.waiting = undefined;
    try {
      await this.keys.set('openrouter', await exchange(code, begun));
      void vscode.window.showInformationMessage(vscode.l10n.t('Signed in to OpenRouter.'));
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      void vscode.window.showErrorMessage(vscode.l10n.t('Could not sign in to OpenRouter: {0}', why));
    }
  }
}
