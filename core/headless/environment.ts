/** What a command may use of the process it runs in; tests pass one of their own. */
import type { WorkbenchClient } from '../workbench/contract.ts';

export interface Output {
  readonly isTerminal: boolean;
  /** Width in characters; 80 where there is no terminal. */
  readonly columns: number;
  write(text: string): void;
}

export interface Environment {
  readonly stdout: Output;
  readonly stderr: Output;
  /**
   * Finds the owner of the home folder or becomes it; `home` undefined means the default one. With
   * `asOwner` it becomes the owner or fails, and runs that wait go on.
   */
  openWorkbench(
    home: string | undefined,
    options?: { readonly asOwner?: boolean },
  ): Promise<WorkbenchClient>;
  /** Asks a person; undefined when nobody can answer. */
  confirm(question: string): Promise<boolean | undefined>;
  /** Calls back on Ctrl-C, or when the system asks the program to end, until the returned function is called. */
  onInterrupt(listener: () => void): () => void;
}
