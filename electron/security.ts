/**
 * What a window may not do. Nothing of it relies on the screens' own good manners: they show text that
 * other people wrote.
 */
import type { Session, WebContents } from 'electron';
import type { ElectronApi } from './api.ts';
import { isOwnAddress, registerScheme } from './appScheme.ts';

/** Chromium's own ways to the network. */
const OFFLINE_SWITCHES: readonly (readonly [name: string, value?: string])[] = [
  ['no-proxy-server'],
  ['host-resolver-rules', 'MAP * ~NOTFOUND'],
  ['disable-background-networking'],
  ['disable-component-update'],
  ['disable-domain-reliability'],
  ['dns-prefetch-disable'],
];

/** The one thing that a page may ask for: to put text on the clipboard when a person clicks. */
const ALLOWED_PERMISSION = 'clipboard-sanitized-write';

/** Before the app is ready. */
export function setupSandbox(electron: Pick<ElectronApi, 'app' | 'protocol'>): void {
  const { app } = electron;
  app.enableSandbox();
  for (const [name, value] of OFFLINE_SWITCHES) app.commandLine.appendSwitch(name, value);
  registerScheme(electron);
  app.on('web-contents-created', (_event, contents) => {
    guard(contents);
  });
  // Nothing here speaks TLS or asks for passwords.
  app.on('certificate-error', (event, _contents, _url, _error, _certificate, answer) => {
    event.preventDefault();
    answer(false);
  });
  app.on('select-client-certificate', (event) => {
    event.preventDefault();
  });
  app.on('login', (event) => {
    event.preventDefault();
  });
}

/** When the app is ready, before a window opens. */
export async function setupSession({ app, session }: Pick<ElectronApi, 'app' | 'session'>) {
  const { defaultSession } = session;
  app.configureHostResolver({ enableBuiltInResolver: false, secureDnsMode: 'off' });
  refuseRequests(defaultSession, { devTools: !app.isPackaged });
  refusePermissions(defaultSession);
  defaultSession.setSpellCheckerEnabled(false);
  defaultSession.on('will-download', (event, item) => {
    if (!isOwnBlob(item.getURL())) event.preventDefault();
  });
  await defaultSession.setProxy({ mode: 'direct' });
}

function refuseRequests({ webRequest }: Session, { devTools }: { readonly devTools: boolean }) {
  webRequest.onBeforeRequest(({ url }, answer) => {
    const isOwn = isOwnAddress(url) || isOwnBlob(url);
    answer({ cancel: !isOwn && !(devTools && url.startsWith('devtools://')) });
  });
}

/** Files that the screens hand to a person, such as a table. */
function isOwnBlob(url: string): boolean {
  return url.startsWith('blob:') && isOwnAddress(url.slice('blob:'.length));
}

function refusePermissions(defaultSession: Session): void {
  defaultSession.setPermissionRequestHandler((contents, permission, answer, details) => {
    const isPage = details.isMainFrame && isOwnAddress(contents.getURL());
    answer(isPage && permission === ALLOWED_PERMISSION);
  });
  defaultSession.setPermissionCheckHandler(
    (_contents, permission, origin) => permission === ALLOWED_PERMISSION && isOwnAddress(origin),
  );
  defaultSession.setDevicePermissionHandler(() => false);
  defaultSession.setDisplayMediaRequestHandler((_request, answer) => {
    answer({});
  });
}

/** A window shows the page that it was opened with; screens change within it. */
function guard(contents: WebContents): void {
  contents.on('will-navigate', (event) => {
    event.preventDefault();
  });
  contents.on('will-frame-navigate', (event) => {
    event.preventDefault();
  });
  contents.on('will-redirect', (event) => {
    event.preventDefault();
  });
  contents.on('will-attach-webview', (event) => {
    event.preventDefault();
  });
  contents.setWindowOpenHandler(() => ({ action: 'deny' }));
}
