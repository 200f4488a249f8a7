/**
 * What a window sees of its host: `window.workbench`. It runs in the sandbox, where nothing but this
 * file and a part of Electron can be loaded; the types are the compiler's alone.
 */
import type * as Electron from 'electron';
import type { ErrorReport } from '../core/base/errors.ts' with { 'resolution-mode': 'import' };
import type { WorkbenchBridge } from '../renderer/client/workbenchBridge.ts' with {
  'resolution-mode': 'import',
};
import type { Channels } from './channels.ts' with { 'resolution-mode': 'import' };

// eslint-disable-next-line @typescript-eslint/no-require-imports -- the only way in a sandbox
const { contextBridge, ipcRenderer, webUtils } = require('electron') as typeof Electron;

const CHANNELS: Channels = {
  connect: 'workbench/connect',
  line: 'workbench/line',
  closed: 'workbench/closed',
  choosePaths: 'files/choose',
  command: 'menu/command',
};

/** The main process says why a line broke; when it is silent for so long, there is no reason. */
const REASON_MILLISECONDS = 500;

/** The window's side of a message channel; the compiler's library for Node has only its own. */
interface Port {
  postMessage(text: string): void;
  addEventListener(event: 'message' | 'close', listener: (event: { data: unknown }) => void): void;
  start(): void;
  close(): void;
}

interface Line {
  readonly attempt: number;
  readonly onPort: (port: Port) => void;
  readonly onClosed: (reason?: ErrorReport) => void;
}

let attempts = 0;
/** The window's only line. */
let current: Line | undefined;

ipcRenderer.on(CHANNELS.line, (event: Electron.IpcRendererEvent, attempt: number) => {
  const [port] = event.ports as unknown as readonly (Port | undefined)[];
  if (port === undefined) return;
  if (current?.attempt === attempt) current.onPort(port);
  else port.close();
});

ipcRenderer.on(
  CHANNELS.closed,
  (_event: Electron.IpcRendererEvent, attempt: number | null, reason: ErrorReport) => {
    if (attempt === null || current?.attempt === attempt) current?.onClosed(reason);
  },
);

const bridge: WorkbenchBridge = {
  open({ onOpen, onMessage, onClose }) {
    let port: Port | undefined;
    const end = (): void => {
      port?.close();
      if (current === line) current = undefined;
    };
    const line: Line = {
      attempt: ++attempts,
      onPort: (given) => {
        // One line is enough; what it was sent for has been answered.
        if (port !== undefined) {
          given.close();
          return;
        }
        port = given;
        port.addEventListener('message', ({ data }) => {
          if (current === line && typeof data === 'string') onMessage(data);
        });
        port.addEventListener('close', () => {
          setTimeout(() => {
            line.onClosed();
          }, REASON_MILLISECONDS);
        });
        port.start();
        onOpen();
      },
      onClosed: (reason) => {
        if (current !== line) return;
        end();
        onClose(reason);
      },
    };
    current = line;
    ipcRenderer.send(CHANNELS.connect, line.attempt);
    return {
      send: (text) => {
        port?.postMessage(text);
      },
      close: end,
    };
  },
  choosePaths: (request) =>
    ipcRenderer.invoke(CHANNELS.choosePaths, request) as Promise<readonly string[]>,
  pathOfFile: (file) => webUtils.getPathForFile(file as File),
  onCommand(listener) {
    const hear = (_event: Electron.IpcRendererEvent, command: string): void => {
      listener(command);
    };
    ipcRenderer.on(CHANNELS.command, hear);
    return () => {
      ipcRenderer.off(CHANNELS.command, hear);
    };
  },
};

contextBridge.exposeInMainWorld('workbench', bridge);
