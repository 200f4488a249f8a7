/** What a browser says of a page that is not as it should be; a spec that ends with one has failed. */
import type { BrowserContext, Page } from 'playwright-core';

export class Complaints {
  readonly #found: string[] = [];
  readonly #expected: RegExp[] = [];
  /** Addresses that pages asked for, each once. */
  readonly requested = new Set<string>();

  constructor(context: BrowserContext) {
    context.on('page', (page) => {
      this.#watch(page);
    });
    for (const page of context.pages()) this.#watch(page);
  }

  /** From here on these are what the spec brings about: a host that is away, a file that is bad. */
  expect(...patterns: readonly RegExp[]): void {
    this.#expected.push(...patterns);
  }

  /** What was found since the last time, less what was expected. */
  take(): string[] {
    return this.#found
      .splice(0)
      .filter((text) => !this.#expected.some((pattern) => pattern.test(text)));
  }

  #watch(page: Page): void {
    // Violations of the content security policy are among the console's errors.
    page.on('console', (message) => {
      if (message.type() !== 'error' && message.type() !== 'warning') return;
      this.#found.push(`console ${message.type()}: ${message.text()}`);
    });
    page.on('pageerror', (error) => {
      this.#found.push(`page error: ${error.stack ?? error.message}`);
    });
    page.on('crash', () => {
      this.#found.push('the page crashed');
    });
    page.on('request', (request) => {
      this.requested.add(request.url());
      if (!isOwn(request.url())) this.#found.push(`request to ${request.url()}`);
    });
    page.on('response', (response) => {
      if (response.status() >= 400) {
        this.#found.push(`${response.status()} from ${new URL(response.url()).pathname}`);
      }
    });
    page.on('websocket', (socket) => {
      this.requested.add(socket.url());
      if (!isOwn(socket.url())) this.#found.push(`socket to ${socket.url()}`);
    });
  }
}

/** The host on this machine, the desktop's own protocol, or what the page itself has made. */
function isOwn(address: string): boolean {
  const { protocol, hostname } = new URL(address);
  if (protocol === 'blob:' || protocol === 'data:' || protocol === 'app:') return true;
  return (protocol === 'http:' || protocol === 'ws:') && hostname === '127.0.0.1';
}
