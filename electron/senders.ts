/** Who may speak to the main process: the page of a window, as this program serves it. */
import type { IpcMainEvent, IpcMainInvokeEvent, WebFrameMain } from 'electron';
import { isOwnAddress } from './appScheme.ts';

/** The frame that sent a message; undefined for a frame inside the page, another page, or none. */
export function ownFrame(event: IpcMainEvent | IpcMainInvokeEvent): WebFrameMain | undefined {
  const { senderFrame, sender } = event;
  if (senderFrame === null || senderFrame !== sender.mainFrame) return undefined;
  return isOwnAddress(senderFrame.url) ? senderFrame : undefined;
}
