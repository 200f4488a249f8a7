/** Files on the desktop: the system's dialog, and the paths of what is dropped. */
import { WorkbenchError } from './errors.ts';
import { rootName } from './hostFiles.ts';
import type { HostFiles, TakenFile } from './hostFiles.ts';
import type { WorkbenchBridge } from './workbenchBridge.ts';

export function desktopFiles(bridge: WorkbenchBridge): HostFiles {
  return {
    takesCopies: false,
    choose: (options) => bridge.choosePaths(options),
    async take(files) {
      const taken = new Map<string, TakenFile>();
      for (const { file, name } of files) {
        const path = bridge.pathOfFile(file);
        if (path === '') throw noPath(name);
        const root = rootOf(path, name);
        taken.set(root, { path: root, name: rootName(name) });
      }
      return [...taken.values()];
    },
  };
}

/** The path of the dropped thing itself: "/data/notes" of "/data/notes/2024/a.txt" in "notes/2024/a.txt". */
function rootOf(path: string, name: string): string {
  const depth = name.split('/').length - 1;
  return depth === 0 ? path : path.split(/[\\/]/).slice(0, -depth).join(separatorOf(path));
}

const separatorOf = (path: string): string => (path.includes('\\') ? '\\' : '/');

function noPath(name: string): WorkbenchError {
  return new WorkbenchError({
    code: 'files/no-path',
    message: `"${name}" does not lie on a disk of this machine.`,
    hint: 'Save it to a file first.',
  });
}
