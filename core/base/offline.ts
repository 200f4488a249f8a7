/**
 * Settings that keep libraries from the network, as environment variables. ONNX Runtime's published
 * builds for Linux and macOS report usage to their vendor, and keep an identifier of the device on
 * disk, unless this is set before the library is loaded; it is then neither sent nor written.
 */
export const OFFLINE_ENVIRONMENT = { ORT_DISABLE_TELEMETRY: '1' } as const;

/**
 * Sets them for this process. A thread has only a copy of the environment, which its libraries do
 * not read: there it checks that the process has set them.
 */
export function goOffline(isMainThread: boolean): void {
  for (const [name, value] of Object.entries(OFFLINE_ENVIRONMENT)) {
    if (isMainThread) process.env[name] = value;
    else if (process.env[name] !== value) {
      throw new Error(`${name} was not set before this thread was started.`);
    }
  }
}
