/**
 * The secrets of one host process: a token in the printed link, which is exchanged for a cookie.
 * Both last until the process ends.
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

const SECRET_BYTES = 32;

export class Access {
  readonly token = newSecret();
  readonly #session = newSecret();
  readonly #cookieName: string;

  /**
   * `identity` tells this host from others. Browsers keep one set of cookies for all ports of a
   * name, and through tunnels for all machines: two hosts must not overwrite each other's cookie.
   */
  constructor(identity: string) {
    this.#cookieName = `palimpsest-${sha256(identity).toString('hex').slice(0, 16)}`;
  }

  isToken(text: string): boolean {
    return equal(text, this.token);
  }

  /** The Set-Cookie header that signs a browser in until it is closed. */
  get setCookie(): string {
    return `${this.#cookieName}=${this.#session}; Path=/; HttpOnly; SameSite=Strict`;
  }

  isSignedIn(cookieHeader: string | undefined): boolean {
    if (cookieHeader === undefined) return false;
    return cookieHeader.split(';').some((pair) => {
      const separator = pair.indexOf('=');
      const isOurs = pair.slice(0, separator).trim() === this.#cookieName;
      return isOurs && equal(pair.slice(separator + 1).trim(), this.#session);
    });
  }
}

function newSecret(): string {
  return randomBytes(SECRET_BYTES).toString('base64url');
}

/** In a time that depends on neither text's content. */
function equal(a: string, b: string): boolean {
  return timingSafeEqual(sha256(a), sha256(b));
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
