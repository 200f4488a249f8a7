/** What Electron's preload puts into the window as `window.workbench`. */
import type { ErrorReport } from './errors.ts';
import { parseMessage } from './parseMessage.ts';
import type { OpenTransport } from './transport.ts';

export interface ChooseRequest {
  readonly title: string;
  readonly kind: 'file' | 'folder' | 'file-or-folder';
  readonly multiple: boolean;
  /** Without the dot; all when left out. */
  readonly extensions?: readonly string[];
}

/** As a transport, but with the messages' JSON texts: a text crosses into the page in one piece. */
export interface LineEvents {
  readonly onOpen: () => void;
  readonly onMessage: (text: string) => void;
  /** Once, also when it could not be opened. */
  readonly onClose: (reason?: ErrorReport) => void;
}

export interface WorkbenchLine {
  /** One message of core/workbench/protocol.ts; dropped when the line is not open. */
  send(text: string): void;
  close(): void;
}

export interface WorkbenchBridge {
  /** Opens a line to the Workbench; a window has one at a time. */
  open(events: LineEvents): WorkbenchLine;
  /** The system's own dialog; empty when it was cancelled. */
  choosePaths(request: ChooseRequest): Promise<readonly string[]>;
  /** Where a file that was dropped or chosen lies; empty when it is no file of a disk. */
  pathOfFile(file: object): string;
  /** Tells of commands of the application menu, by the ids of the command palette. */
  onCommand?(listener: (command: string) => void): () => void;
}

export function bridgeTransport(bridge: WorkbenchBridge): OpenTransport {
  return ({ onOpen, onMessage, onClose }) => {
    const line = bridge.open({
      onOpen,
      onMessage: (text) => {
        const message = parseMessage(text);
        if (message !== undefined) onMessage(message);
      },
      onClose,
    });
    return {
      send: (message) => {
        line.send(JSON.stringify(message));
      },
      close: () => {
        line.close();
      },
    };
  };
}
