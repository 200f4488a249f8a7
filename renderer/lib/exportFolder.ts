/** Names of folders for exports. */
import type { RunSummary } from '../../core/workbench/contract.ts';

/** "pilot-rh-ewc-seed-1": letters, digits and hyphens, good on every file system. */
export function exportFolderName({
  projectName,
  strategy,
  seed,
}: Pick<RunSummary, 'projectName' | 'strategy' | 'seed'>): string {
  return [projectName.slice(0, 60), strategy.replace('α', 'alpha'), 'seed', String(seed)]
    .join('-')
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9.]+/g, '-')
    .replace(/^[-.]+|[-.]+$/g, '');
}

/** A name in a folder, with the separator that the folder's path is written with. */
export function folderInside(folder: string, name: string): string {
  const separator = folder.includes('\\') && !folder.includes('/') ? '\\' : '/';
  return folder.endsWith(separator) ? `${folder}${name}` : `${folder}${separator}${name}`;
}
