/** Switching suggestions off: all of them for a time, or those of a language. Questions are answered all the same. */

import * as vscode from 'vscode';

const MINUTES = 10;
const LANGUAGES = 'cachewise.languagesOff';

export class Pause implements vscode.Disposable {
  private until = 0;
  private timer: NodeJS.Timeout | undefined;
  private readonly changed = new vscode.EventEmitter<void>();
  readonly onChange = this.changed.event;

  constructor(private readonly kept: vscode.Memento) {}

  /** Whether there are to be no suggestions in a document, or in any where none is given. */
  paused(languageId: string | undefined): boolean {
    return Date.now() < this.until || (languageId !== undefined && this.off.includes(languageId));
  }

  /** Whether all suggestions pause. */
  get all(): boolean {
    return Date.now() < this.until;
  }

  isOff(languageId: string): boolean {
    return this.off.includes(languageId);
  }

  /** Pauses for ten minutes, or goes on where it pauses. */
  toggle(): void {
    clearTimeout(this.timer);
    this.until = this.all ? 0 : Date.now() + MINUTES * 60_000;
    if (this.all) {
      this.timer = setTimeout(() => {
        this.changed.fire();
      }, MINUTES * 60_000);
      void vscode.commands.executeCommand('editor.action.inlineSuggest.hide');
    }
    this.changed.fire();
  }

  /** Switches the suggestions of a language off or on again, for good. */
  async toggleLanguage(languageId: string): Promise<void> {
    const others = this.off.filter((one) => one !== languageId);
    await this.kept.update(LANGUAGES, this.isOff(languageId) ? others : [...others, languageId]);
    this.changed.fire();
  }

  dispose(): void {
    clearTimeout(this.timer);
    this.changed.dispose();
  }

  private get off(): string[] {
    return this.kept.get<string[]>(LANGUAGES, []);
  }
}
