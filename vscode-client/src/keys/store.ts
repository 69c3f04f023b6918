/**
 * The keys of the providers, in the editor's secret store. They reach the server by its environment only: they are in
 * no setting, no message, no argument and no log.
 */

import type * as vscode from 'vscode';

/** Providers, and the variable by which the server reads each one's key. */
export const VARIABLES = {
  openrouter: 'OPENROUTER_API_KEY',
  anthropic: 'ANTHROPIC_API_KEY',
  openai: 'OPENAI_API_KEY',
} as const;

export type Provider = keyof typeof VARIABLES;

export const PROVIDERS = Object.keys(VARIABLES) as Provider[];

const name = (provider: Provider): string => `cachewise.key.${provider}`;

export class Keys {
  constructor(private readonly secrets: vscode.SecretStorage) {}

  async has(provider: Provider): Promise<boolean> {
    return (await this.secrets.get(name(provider))) !== undefined;
  }

  /** Keeps a key, or forgets it where it is empty. */
  async set(provider: Provider, key: string): Promise<void> {
    const bare = key.trim();
    await (bare === '' ? this.secrets.delete(name(provider)) : this.secrets.store(name(provider), bare));
  }

  /** The environment of a server: the editor's own, and the stored keys, which win over it. */
  async environment(own: NodeJS.ProcessEnv): Promise<NodeJS.ProcessEnv> {
    const env = { ...own };
    for (const provider of PROVIDERS) {
      const key = await this.secrets.get(name(provider));
      if (key !== undefined) {
        env[VARIABLES[provider]] = key;
      }
    }
    return env;
  }

  /** Calls back after a key changed, in this window or another. */
  onChange(changed: () => void): vscode.Disposable {
    return this.secrets.onDidChange((event) => {
      if (PROVIDERS.some((provider) => event.key === name(provider))) {
        changed();
      }
    });
  }
}
