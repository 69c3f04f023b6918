/** As much of the editor's interface as the modules under test touch. The real one is used by the tests in the editor. */

export const l10n = {
  t: (message: string, ...args: (string | number)[]): string =>
    message.replace(/\{(\d+)\}/g, (_, index: string) => String(args[Number(index)])),
};

export class EventEmitter<T> {
  private readonly listeners = new Set<(value: T) => void>();
  readonly event = (listener: (value: T) => void): { dispose: () => void } => {
    this.listeners.add(listener);
    return { dispose: () => this.listeners.delete(listener) };
  };

  fire(value: T): void {
    for (const listener of this.listeners) {
      listener(value);
    }
  }

  dispose(): void {
    this.listeners.clear();
  }
}

export class CancellationTokenSource {
  readonly token = { isCancellationRequested: false };

  cancel(): void {
    this.token.isCancellationRequested = true;
  }

  dispose(): void {
    this.cancel();
  }
}

/** Commands that were run, and with what. */
export const ran: unknown[][] = [];

export const commands = {
  executeCommand: (...call: unknown[]): Promise<void> => {
    ran.push(call);
    return Promise.resolve();
  },
};

export let version = '1.139.1';

export function setVersion(wanted: string): void {
  version = wanted;
}

/** An address as far as it is put together and written down here. */
class Address {
  constructor(private readonly text: string) {}

  toString(): string {
    return this.text;
  }
}

export const Uri = {
  parse: (text: string): Address => new Address(text),
  from: ({ scheme, authority, path, query }: Record<string, string>): Address =>
    new Address(`${String(scheme)}://${String(authority)}${String(path)}?${String(query)}`),
};

export const env = {
  uriScheme: 'vscode',
  /** Pages that were opened in the browser. */
  opened: [] as string[],
  asExternalUri: (uri: Address): Promise<Address> => Promise.resolve(uri),
  openExternal: (uri: Address): Promise<boolean> => {
    env.opened.push(uri.toString());
    return Promise.resolve(true);
  },
};

type Inspected = Partial<Record<'defaultValue' | 'globalValue' | 'workspaceValue' | 'workspaceFolderValue', unknown>>;

export const workspace = {
  workspaceFolders: undefined,
  /** Settings of the section, and where each was set. */
  values: {} as Record<string, Inspected>,
  getConfiguration: (): { inspect: (key: string) => Inspected | undefined; get: (key: string) => unknown } => ({
    inspect: (key) => workspace.values[key],
    get: (key) => {
      const found = workspace.values[key];
      return found?.workspaceFolderValue ?? found?.workspaceValue ?? found?.globalValue ?? found?.defaultValue;
    },
  }),
};

export const extensions = {
  getExtension: (): unknown => undefined,
};

interface Provider {
  provideInlineCompletionItems: (...request: unknown[]) => Promise<unknown[]>;
}

/** Providers that are registered now. */
export const providers = new Set<Provider>();

export const languages = {
  registerInlineCompletionItemProvider: (_: unknown, provider: Provider): { dispose: () => void } => {
    providers.add(provider);
    return { dispose: () => providers.delete(provider) };
  },
};

export const window = {
  activeTextEditor: undefined as unknown,
  showWarningMessage: (): Promise<undefined> => Promise.resolve(undefined),
  showInformationMessage: (): Promise<undefined> => Promise.resolve(undefined),
  showErrorMessage: (): Promise<undefined> => Promise.resolve(undefined),
};

export class Range {
  constructor(
    readonly start: { line: number; character: number },
    readonly end: { line: number; character: number },
  ) {}
}

export const InlineCompletionTriggerKind = { Invoke: 0, Automatic: 1 };

export class InlineCompletionItem {
  constructor(
    readonly insertText: string,
    readonly range?: Range,
    readonly command?: { command: string; arguments?: unknown[] },
  ) {}
}
