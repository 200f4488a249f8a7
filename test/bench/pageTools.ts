/**
 * Stop-watches that run inside the measured page, so that nothing of the driver's own time is counted:
 * a time begins with the event's own time stamp and ends with the frame after the one that shows the
 * outcome. `installPageTools` is sent to the page as text: it may use nothing from outside.
 */

/** A call of the page over its WebSocket. */
export interface MeasuredCall {
  readonly name: string;
  readonly milliseconds: number;
  /** UTF-16 code units of the reply; nearly all are ASCII. */
  readonly characters: number;
}

export interface PageTools {
  readonly calls: MeasuredCall[];
  /** Begins to wait for the next event of the type; the outcome is asked for with `outcome`. */
  arm(type: string, until?: string): void;
  /** As `arm`, from now on, and goes to another address of the page. */
  goTo(hash: string, until: string): void;
  /** Milliseconds until what was waited for was painted and the page had come to rest. */
  outcome(): Promise<{ readonly shown: number; readonly rested: number }>;
  /** Milliseconds from the navigation until the first frame that shows `until`. */
  sinceNavigation(until: string): Promise<number>;
  /** Lengths of `count` frames while `selector` scrolls by `pixels` in each of them. */
  scrollFrames(selector: string, pixels: number, count: number): Promise<number[]>;
  /** Lengths of the frames in which an event of the type arrives, from now until `stopFrames`. */
  startFrames(type: string): void;
  stopFrames(): number[];
  /** The longest frame, milliseconds, from `startGaps` until it is asked for: how long nothing moved. */
  startGaps(): void;
  longestGap(): number;
  /** Milliseconds of a fixed amount of work: how fast the machine is just now. */
  calibrate(): number;
  /** Lets the page hear a message as if its host had sent it: what that takes of its thread, milliseconds. */
  hear(message: unknown): Promise<number>;
}

declare const document: {
  querySelector(selector: string): { scrollTop: number } | null;
};
declare const location: { hash: string };
declare const requestAnimationFrame: (callback: (time: number) => void) => number;
declare const addEventListener: (
  type: string,
  listener: (event: { readonly timeStamp: number }) => void,
  options: { capture: boolean; once?: boolean },
) => void;
declare const removeEventListener: typeof addEventListener;
declare const MutationObserver: new (callback: () => void) => {
  observe(target: unknown, options: object): void;
  disconnect(): void;
};
interface Socket {
  addEventListener(type: 'message', listener: (event: { data: unknown }) => void): void;
  dispatchEvent(event: unknown): void;
}
declare const WebSocket: { prototype: { send: (this: Socket, text: string) => void } };
declare const MessageEvent: new (type: string, options: { data: string }) => unknown;

export function installPageTools(): void {
  const QUIET_FRAMES = 4;
  const calls: MeasuredCall[] = [];
  const sent = new Map<number, { name: string; at: number }>();
  const heard = new WeakSet<Socket>();
  let lastSocket: Socket | undefined;
  const { send } = WebSocket.prototype;
  const listen = (socket: Socket): void => {
    lastSocket = socket;
    if (!heard.has(socket)) {
      heard.add(socket);
      socket.addEventListener('message', ({ data }) => {
        const id = Number(/^\{"id":(\d+),"(?:reply|error)"/.exec(String(data).slice(0, 60))?.[1]);
        const call = sent.get(id);
        if (call === undefined) return;
        sent.delete(id);
        const milliseconds = performance.now() - call.at;
        calls.push({ name: call.name, milliseconds, characters: String(data).length });
      });
    }
  };
  WebSocket.prototype.send = function measured(text) {
    listen(this);
    const { id, call } = JSON.parse(text) as { id: number; call: string };
    sent.set(id, { name: call, at: performance.now() });
    send.call(this, text);
  };

  const frame = (): Promise<number> =>
    new Promise((resolve) => {
      requestAnimationFrame(() => {
        resolve(performance.now());
      });
    });

  /** From `start`: when `until` is painted, and when nothing has changed for some frames. */
  const watch = async (start: number, until: string | undefined) => {
    let changed = true;
    const observer = new MutationObserver(() => {
      changed = true;
    });
    observer.observe(document, {
      subtree: true,
      childList: true,
      attributes: true,
      characterData: true,
    });
    let shown: number | undefined;
    let rested = 0;
    let quiet = 0;
    // The frame in which a change lies is over when the next one begins.
    for (let before = await frame(); quiet < QUIET_FRAMES;) {
      const isThere = until === undefined || document.querySelector(until) !== null;
      const hasChanged = changed;
      changed = false;
      const now = await frame();
      if (isThere) shown ??= now - start;
      if (hasChanged || !isThere) {
        rested = now - start;
        quiet = 0;
      } else {
        quiet++;
      }
      if (now - before > 60_000) break;
      before = shown === undefined ? before : now;
    }
    observer.disconnect();
    if (shown === undefined) throw new Error(`${until} did not appear`);
    return { shown, rested };
  };

  let outcome: ReturnType<typeof watch> | undefined;
  let frames: number[] = [];
  let endFrames = (): void => undefined;
  let gap = 0;
  let watchesGaps = false;

  const tools: PageTools = {
    calls,
    arm(type, until) {
      outcome = new Promise((resolve, reject) => {
        const begin = ({ timeStamp }: { readonly timeStamp: number }): void => {
          watch(timeStamp, until).then(resolve, reject);
        };
        addEventListener(type, begin, { capture: true, once: true });
      });
    },
    goTo(hash, until) {
      outcome = watch(performance.now(), until);
      location.hash = hash;
    },
    outcome: () => outcome ?? Promise.reject(new Error('nothing was waited for')),
    async sinceNavigation(until) {
      const { shown } = await watch(0, until);
      return shown;
    },
    async scrollFrames(selector, pixels, count) {
      const scroller = document.querySelector(selector);
      if (scroller === null) throw new Error(`there is no ${selector}`);
      const lengths: number[] = [];
      let before = await frame();
      for (let index = 0; index < count; index++) {
        scroller.scrollTop += pixels;
        const now = await frame();
        lengths.push(now - before);
        before = now;
      }
      return lengths;
    },
    startFrames(type) {
      frames = [];
      let arrived = false;
      let going = true;
      const note = (): void => {
        arrived = true;
      };
      addEventListener(type, note, { capture: true });
      endFrames = () => {
        going = false;
        removeEventListener(type, note, { capture: true });
      };
      // Events come at the beginning of the frame that shows them.
      let before: number | undefined;
      const next = (): void => {
        if (!going) return;
        const now = performance.now();
        if (before !== undefined) frames.push(now - before);
        before = arrived ? now : undefined;
        arrived = false;
        requestAnimationFrame(next);
      };
      requestAnimationFrame(next);
    },
    stopFrames() {
      endFrames();
      return frames;
    },
    startGaps() {
      gap = 0;
      watchesGaps = true;
      let before = performance.now();
      const next = (): void => {
        if (!watchesGaps) return;
        const now = performance.now();
        gap = Math.max(gap, now - before);
        before = now;
        requestAnimationFrame(next);
      };
      requestAnimationFrame(next);
    },
    longestGap() {
      watchesGaps = false;
      return gap;
    },
    calibrate() {
      const start = performance.now();
      let state = 2463534242;
      for (let index = 0; index < 10_000_000; index++) {
        state ^= state << 13;
        state ^= state >>> 17;
        state ^= state << 5;
      }
      return performance.now() - start + (state === 0 ? 1 : 0);
    },
    async hear(message) {
      const event = new MessageEvent('message', { data: JSON.stringify(message) });
      const start = performance.now();
      lastSocket?.dispatchEvent(event);
      await Promise.resolve();
      await Promise.resolve();
      return performance.now() - start;
    },
  };
  Object.assign(globalThis, { benchTools: tools });
}
