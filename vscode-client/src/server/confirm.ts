/** Marking the server's edits so that the editor shows them before they are made. */

import * as vscode from 'vscode';
import type { ApplyWorkspaceEditParams, ApplyWorkspaceEditResult } from 'vscode-languageclient/node';

const ANNOTATION = 'cachewise';
/** Milliseconds; the server waits ten seconds. A user who still looks at the preview then has taken the edit over. */
export const PATIENCE = 8000;

/** The same edit, to be confirmed before it is made. */
export function toConfirm(params: ApplyWorkspaceEditParams): ApplyWorkspaceEditParams {
  const { documentChanges } = params.edit;
  if (documentChanges === undefined) {
    return params;
  }
  return {
    ...params,
    edit: {
      documentChanges: documentChanges.map((change) =>
        'edits' in change
          ? {
              ...change,
              edits: change.edits.map((edit) => ({ ...edit, annotationId: ANNOTATION })),
            }
          : change,
      ),
      changeAnnotations: {
        [ANNOTATION]: {
          label: params.label ?? 'cachewise',
          // The editor shows such an edit without its tick, so that *Apply* alone would do nothing.
          description: vscode.l10n.t('Tick it, then press Apply.'),
          needsConfirmation: true,
        },
      },
    },
  };
}

/** Answers for an edit that the user still looks at. */
export async function handedOver(applied: PromiseLike<ApplyWorkspaceEditResult>): Promise<ApplyWorkspaceEditResult> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<ApplyWorkspaceEditResult>((resolve) => {
    timer = setTimeout(resolve, PATIENCE, { applied: true });
  });
  try {
    return await Promise.race([applied, late]);
  } finally {
    clearTimeout(timer);
  }
}
