/** What Electron's preload puts into the window as `window.workbench`. */
import type { MessageFromWindow, MessageToWindow } from '../../core/workbench/protocol.ts';
import type { OpenTransport } from './transport.ts';

export interface ChooseRequest {
  readonly title: string;
  readonly kind: 'file' | 'folder' | 'file-or-folder';
  readonly multiple: boolean;
  /** Without the dot; all when left out. */
  readonly extensions?: readonly string[];
}

export interface WorkbenchBridge {
  /** One message of core/workbench/protocol.ts. */
  send(message: MessageFromWindow): void;
  /** Returns the function that ends the subscription. */
  onMessage(listener: (message: MessageToWindow) => void): () => void;
  /** The system's own dialog; empty when it was cancelled. */
  choosePaths(request: ChooseRequest): Promise<readonly string[]>;
  /** Where a file that was dropped or chosen lies; empty when it is no file of a disk. */
  pathOfFile(file: object): string;
  /** Tells of commands of the application menu, by the ids of the command palette. */
  onCommand?(listener: (command: string) => void): () => void;
}

/** The bridge is there as long as the window is: it opens at once and never closes by itself. */
export function bridgeTransport(bridge: WorkbenchBridge): OpenTransport {
  return ({ onOpen, onMessage }) => {
    const stop = bridge.onMessage(onMessage);
    queueMicrotask(onOpen);
    return {
      send: (message) => {
        bridge.send(message);
      },
      close: stop,
    };
  };
}
