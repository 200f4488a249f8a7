/** Where the window is: the address is the truth, so that back, reload and links work. */
import { parseRoute, routeAddress } from '../lib/routes.ts';
import type { Route } from '../lib/routes.ts';

class Router {
  #route = $state.raw<Route>(parseRoute(window.location.hash));
  /** Scroll positions of earlier addresses, for going back. */
  readonly #positions = new Map<string, number>();
  #scroller: HTMLElement | undefined;
  #goingBack = false;

  constructor() {
    window.addEventListener('popstate', () => {
      this.#goingBack = true;
    });
    window.addEventListener('hashchange', () => {
      this.#route = parseRoute(window.location.hash);
    });
  }

  get route(): Route {
    return this.#route;
  }

  /** `replace` leaves no step to go back to: for what only refines the screen. */
  go(route: Route, { replace = false } = {}): void {
    const address = routeAddress(route);
    if (address === window.location.hash) return;
    this.#goingBack = false;
    if (replace) {
      window.history.replaceState(null, '', address);
      this.#route = route;
      return;
    }
    window.location.hash = address;
    // A new address is no way back, although the browser tells of it as one.
    queueMicrotask(() => {
      this.#goingBack = false;
    });
  }

  /** The element that scrolls; its position is kept for every address. */
  attachScroller(scroller: HTMLElement): () => void {
    this.#scroller = scroller;
    const remember = (): void => {
      this.#positions.set(window.location.hash, scroller.scrollTop);
    };
    scroller.addEventListener('scroll', remember, { passive: true });
    return () => {
      scroller.removeEventListener('scroll', remember);
    };
  }

  /** To be called when another screen is shown: its start, or where one was when going back. */
  settleScroll(): void {
    const top = this.#goingBack ? (this.#positions.get(window.location.hash) ?? 0) : 0;
    this.#goingBack = false;
    this.#scroller?.scrollTo({ top });
  }
}

export const router = new Router();
