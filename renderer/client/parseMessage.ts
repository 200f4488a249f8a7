/** What a host sends, from its text. */
import type { MessageToWindow } from '../../core/workbench/protocol.ts';

/** The host checks what it sends against the contract; here only what is no message is dropped. */
export function parseMessage(data: unknown): MessageToWindow | undefined {
  if (typeof data !== 'string') return undefined;
  try {
    const message: unknown = JSON.parse(data);
    return typeof message === 'object' && message !== null
      ? (message as MessageToWindow)
      : undefined;
  } catch {
    return undefined;
  }
}
