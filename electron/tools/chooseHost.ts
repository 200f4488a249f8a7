/** Which host `npm start` starts, and why it is not the window. */

export interface Machine {
  /** Path of Electron's binary, where it is there. */
  readonly electron: string | undefined;
  readonly platform: NodeJS.Platform;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly isRoot: boolean;
}

export type HostChoice =
  | { readonly kind: 'electron'; readonly binary: string }
  | { readonly kind: 'browser'; readonly reason: string };

export function chooseHost({ electron, platform, environment, isRoot }: Machine): HostChoice {
  const hasDisplay =
    platform !== 'linux' || ['DISPLAY', 'WAYLAND_DISPLAY'].some((name) => environment[name]);
  if (!hasDisplay) return browser('There is no display here');
  if (electron === undefined) {
    return browser('Electron is not on this machine ("npx install-electron" fetches it)');
  }
  if (platform === 'linux' && isRoot) return browser('Electron does not open windows for root');
  return { kind: 'electron', binary: electron };
}

function browser(why: string): HostChoice {
  return { kind: 'browser', reason: `${why}: the screens open in a browser instead.` };
}
