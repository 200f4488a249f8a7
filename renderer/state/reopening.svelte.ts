/** A connection that opens again after a break: what was said meanwhile is lost. */
import { untrack } from 'svelte';
import { workbench } from './workbench.svelte.ts';

/**
 * Calls back whenever the connection has opened again, until the returned function is called. May be
 * used inside an $effect, which does not come to depend on the connection.
 */
export function onReopened(callback: () => void): () => void {
  let wasOpen = untrack(() => workbench.connection.state === 'open');
  return $effect.root(() => {
    $effect(() => {
      const isOpen = workbench.connection.state === 'open';
      if (isOpen && !wasOpen) untrack(callback);
      wasOpen = isOpen;
    });
  });
}
