/** Short messages at the edge of the window, with a way back where there is one. */
import { announcer } from './announcer.svelte.ts';
import { isAborted, reportOf } from '../client/errors.ts';
import type { ErrorReport } from '../client/errors.ts';

export interface Toast {
  readonly id: number;
  readonly message: string;
  readonly detail: string | undefined;
  readonly tone: 'neutral' | 'bad';
  readonly action: { readonly label: string; readonly run: () => void } | undefined;
  /** For the copy button of errors. */
  readonly report: ErrorReport | undefined;
}

type NewToast = Pick<Toast, 'message'> & Partial<Omit<Toast, 'id' | 'message'>>;

const SHOWN_MILLISECONDS = 6000;
const SHOWN_WITH_ACTION_MILLISECONDS = 12_000;
/** Messages at a time; those that wait for the person are more where it must be. */
const MOST = 4;

export class Toasts {
  #list = $state.raw<readonly Toast[]>([]);
  readonly #timers = new Map<number, ReturnType<typeof setTimeout>>();
  #nextId = 0;

  get list(): readonly Toast[] {
    return this.#list;
  }

  show({ message, detail, tone = 'neutral', action, report }: NewToast): void {
    const toast: Toast = { id: this.#nextId++, message, detail, tone, action, report };
    const others = this.#list.filter((other) => !isSameError(other, toast));
    this.#list = [...others, toast];
    this.#makeRoom();
    const said = detail === undefined ? message : `${message} ${detail}`;
    if (tone === 'bad') announcer.warn(said);
    else announcer.say(said);
    this.resume(toast);
  }

  /** An error that has no place of its own on the screen; what the person stopped is none. */
  showError(error: unknown): void {
    if (isAborted(error)) return;
    this.showReport(reportOf(error));
  }

  showReport(report: ErrorReport): void {
    this.show({ message: report.message, detail: report.hint, tone: 'bad', report });
  }

  /** What was done can be taken back: "3 runs archived" with Undo. */
  showUndo(message: string, undo: () => void): void {
    this.show({ message, action: { label: 'Undo', run: undo } });
  }

  act(toast: Toast): void {
    this.dismiss(toast.id);
    toast.action?.run();
  }

  dismiss(id: number): void {
    this.pause(id);
    this.#list = this.#list.filter((toast) => toast.id !== id);
  }

  /** While the pointer or the focus is on it a toast stays. */
  pause(id: number): void {
    clearTimeout(this.#timers.get(id));
    this.#timers.delete(id);
  }

  /** Errors and what can be acted on stay until they are dismissed or their time is over. */
  #makeRoom(): void {
    for (const { id, tone, action } of this.#list.slice(0, -1)) {
      if (this.#list.length <= MOST) return;
      if (tone === 'neutral' && action === undefined) this.dismiss(id);
    }
  }

  resume({ id, action, tone }: Toast): void {
    this.pause(id);
    // Errors stay until they are read.
    if (tone === 'bad') return;
    const time = action === undefined ? SHOWN_MILLISECONDS : SHOWN_WITH_ACTION_MILLISECONDS;
    this.#timers.set(
      id,
      setTimeout(() => {
        this.dismiss(id);
      }, time),
    );
  }
}

/** Each of many runs may meet the same: it is told once. */
function isSameError(one: Toast, other: Toast): boolean {
  const isError = one.tone === 'bad' && other.tone === 'bad';
  return isError && one.message === other.message && one.detail === other.detail;
}

export const toasts = new Toasts();
