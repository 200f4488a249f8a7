import '@fontsource-variable/inter/wght.css';
import '@fontsource-variable/jetbrains-mono/wght.css';
import './styles/base.css';
import { mount } from 'svelte';
import App from './App.svelte';
import { connectToHost } from './client/connectToHost.ts';
import type { Host } from './client/connectToHost.ts';
import { fetchAhead } from './pages.ts';
import { commands } from './state/commands.svelte.ts';
import { toasts } from './state/toasts.svelte.ts';
import { workbench } from './state/workbench.svelte.ts';

async function host(): Promise<Host> {
  if (import.meta.env.MODE !== 'gallery') return connectToHost();
  const { sampleHost } = await import('./gallery/sampleHost.ts');
  return sampleHost();
}

function start(connected: Host): void {
  workbench.connect(connected);
  connected.onCommand((command) => commands.run(command));
  const target = document.getElementById('app');
  if (target === null) throw new Error('the page has no place for the screens');
  mount(App, { target });
  // What no place caught is a bug, and is shown as one.
  window.addEventListener('unhandledrejection', ({ reason }) => {
    toasts.showError(reason);
  });
  window.addEventListener('error', ({ error }) => {
    if (error !== null) toasts.showError(error);
  });
  requestIdleCallback(() => void fetchAhead().catch(() => undefined), { timeout: 4000 });
}

void host().then(start);
