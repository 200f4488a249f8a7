/** A file that is written through a buffer and hashed as it grows. */
import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';

const BUFFER_BYTES = 1 << 20;

export class HashedFile {
  readonly #file: FileHandle;
  readonly #hash = createHash('sha256');
  #buffer = Buffer.allocUnsafeSlow(BUFFER_BYTES);
  #used = 0;
  #written = 0;

  private constructor(file: FileHandle) {
    this.#file = file;
  }

  /** Creates the file, lets `fill` write it, and returns once its bytes are on disk. */
  static async write(
    path: string,
    fill: (file: HashedFile) => Promise<void>,
  ): Promise<{ bytes: number; sha256: string }> {
    const handle = await open(path, 'wx', 0o600);
    try {
      const file = new HashedFile(handle);
      await fill(file);
      await file.flush();
      await handle.sync();
      return { bytes: file.#written, sha256: file.#hash.digest('hex') };
    } finally {
      await handle.close();
    }
  }

  /** The next `bytes` bytes, to be filled by the caller; they count once `keep` was called. */
  reserve(bytes: number): Buffer {
    const needed = this.#used + bytes;
    if (needed > this.#buffer.length) {
      const grown = Buffer.allocUnsafeSlow(Math.max(needed, this.#buffer.length * 2));
      this.#buffer.copy(grown, 0, 0, this.#used);
      this.#buffer = grown;
    }
    return this.#buffer.subarray(this.#used, needed);
  }

  keep(bytes: number): void {
    this.#used += bytes;
  }

  /** Enough has gathered to be written: time to await `flush`. */
  get full(): boolean {
    return this.#used >= BUFFER_BYTES / 2;
  }

  async flush(): Promise<void> {
    const gathered = this.#buffer.subarray(0, this.#used);
    this.#hash.update(gathered);
    let done = 0;
    while (done < gathered.length) {
      done += (await this.#file.write(gathered, done, gathered.length - done)).bytesWritten;
    }
    this.#written += gathered.length;
    this.#used = 0;
    // What a single huge document needed is given back.
    if (this.#buffer.length > 4 * BUFFER_BYTES) {
      this.#buffer = Buffer.allocUnsafeSlow(BUFFER_BYTES);
    }
  }
}
