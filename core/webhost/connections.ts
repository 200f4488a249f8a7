/**
 * Open connections, bounded: however many are opened from this machine, those of signed-in windows
 * stay, and a new window still gets in.
 */
import type { Duplex } from 'node:stream';

export interface ConnectionLimits {
  /** All connections together. */
  readonly total: number;
  /** Connections of signed-in windows. */
  readonly known: number;
  /** Connections of strangers that are left alone; of more, the oldest are closed. */
  readonly strangers: number;
  /** How long a burst of strangers may last, so that a window among them can sign in, milliseconds. */
  readonly patience: number;
}

export const CONNECTION_LIMITS: ConnectionLimits = {
  total: 512,
  known: 256,
  strangers: 64,
  patience: 250,
};

export class Connections {
  readonly #limits: ConnectionLimits;
  /** In the order of their arrival. */
  readonly #strangers = new Set<Duplex>();
  readonly #known = new Set<Duplex>();
  #trimming: NodeJS.Timeout | undefined;

  constructor(limits: ConnectionLimits = CONNECTION_LIMITS) {
    this.#limits = limits;
  }

  get size(): number {
    return this.#strangers.size + this.#known.size;
  }

  admit(socket: Duplex): void {
    if (this.size >= this.#limits.total) {
      const [oldest] = this.#strangers;
      (oldest ?? socket).destroy();
      if (oldest === undefined) return;
      this.#strangers.delete(oldest);
    }
    this.#strangers.add(socket);
    socket.once('close', () => {
      this.#strangers.delete(socket);
      this.#known.delete(socket);
    });
    if (this.#strangers.size > this.#limits.strangers) {
      this.#trimming ??= setTimeout(() => {
        this.#trim();
      }, this.#limits.patience);
      this.#trimming.unref();
    }
  }

  /** A signed-in window speaks on this connection; false when there are too many of them. */
  recognise(socket: Duplex): boolean {
    if (this.#known.has(socket)) return true;
    if (this.#known.size >= this.#limits.known) return false;
    if (this.#strangers.delete(socket)) this.#known.add(socket);
    return true;
  }

  destroyAll(): void {
    clearTimeout(this.#trimming);
    for (const socket of [...this.#strangers, ...this.#known]) socket.destroy();
  }

  #trim(): void {
    this.#trimming = undefined;
    for (const socket of this.#strangers) {
      if (this.#strangers.size <= this.#limits.strangers) return;
      this.#strangers.delete(socket);
      socket.destroy();
    }
  }
}
