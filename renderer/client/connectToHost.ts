/** The window's Workbench: the preload's when there is one, else the web host that sent the page. */
import { desktopFiles } from './desktopFiles.ts';
import type { HostFiles } from './hostFiles.ts';
import { RemoteWorkbench } from './remoteWorkbench.ts';
import { socketTransport } from './socketTransport.ts';
import { webHostFiles } from './webHostFiles.ts';
import { bridgeTransport } from './workbenchBridge.ts';
import type { WorkbenchBridge } from './workbenchBridge.ts';

declare global {
  interface Window {
    readonly workbench?: WorkbenchBridge;
  }
}

export interface Host {
  readonly workbench: RemoteWorkbench;
  readonly files: HostFiles;
  /** Commands of the application menu; none in a browser. */
  readonly onCommand: (listener: (command: string) => void) => void;
}

export function connectToHost(): Host {
  const bridge = window.workbench;
  if (bridge === undefined) {
    return {
      workbench: new RemoteWorkbench(socketTransport(window.location.origin)),
      files: webHostFiles,
      onCommand: () => undefined,
    };
  }
  return {
    workbench: new RemoteWorkbench(bridgeTransport(bridge)),
    files: desktopFiles(bridge),
    onCommand: (listener) => {
      bridge.onCommand?.(listener);
    },
  };
}
