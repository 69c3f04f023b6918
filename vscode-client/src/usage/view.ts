/** The usage view. */

import type * as vscode from 'vscode';
import type { UsageReport } from '../protocol';

export function showUsage(_context: vscode.ExtensionContext, _fetch: () => Promise<UsageReport>): void {
  throw new Error('not there yet');
}
