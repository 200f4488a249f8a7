/**
 * Removing a model that no run needs. Its folder gets a temporary name, which the next start of
 * Palimpsest removes; until then it can be put back. The files of a linked model stay where they are.
 */
import { existsSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import { UserError } from '../../base/errors.ts';
import { temporaryPathFor } from '../../base/files.ts';
import type { ModelRecord } from '../../store/models.ts';
import type { Handlers } from '../calls.ts';
import { findModel } from '../find.ts';
import { folderBytes } from '../folderBytes.ts';
import { resolveInHome } from '../home.ts';
import { toModel } from '../records.ts';
import { freeName } from './names.ts';
import type { Services } from './services.ts';

interface Removed {
  readonly record: ModelRecord;
  /** Where its folder is meanwhile; undefined for a linked model and one whose folder was gone. */
  readonly folder: string | undefined;
}

export function modelRemovalHandlers(
  services: Services,
): Handlers<'models/remove' | 'models/restore' | 'models/removed'> {
  const { home, store } = services;
  const removed = new Map<string, Removed>();
  return {
    async 'models/remove'({ model: word }) {
      const record = findModel(store, word);
      requireUnused(services, record);
      const place = resolveInHome(home, record.folder);
      const isOwn = !record.linked && existsSync(place);
      const bytes = isOwn ? await folderBytes(place) : 0;
      // A project may have begun to use it while its size was taken.
      requireUnused(services, record);
      store.models.remove(record.id);
      const folder = isOwn ? temporaryPathFor(place) : undefined;
      if (folder !== undefined) await rename(place, folder);
      removed.set(record.id, { record, folder });
      return { id: record.id, name: record.name, bytes };
    },

    'models/removed'() {
      const all = [...removed.values()].map(({ record: { id, name, linked } }) => ({
        id,
        name,
        linked,
      }));
      // One that was imported again is not gone.
      return Promise.resolve(
        all.filter(({ id }) => store.models.find(id) === undefined).toReversed(),
      );
    },

    async 'models/restore'({ model: id }) {
      const found = removed.get(id);
      if (found === undefined) {
        throw new UserError(
          'model/not-removed',
          'This model was not removed since Palimpsest was started.',
          'Import its folder again.',
        );
      }
      const { record, folder } = found;
      removed.delete(id);
      const known = store.models.find(id);
      // It was imported again meanwhile.
      if (known !== undefined) return toModel(home, known);
      const place = resolveInHome(home, record.folder);
      if (folder !== undefined && !existsSync(place)) await rename(folder, place);
      const restored = { ...record, name: freeName(store.models.list(), record.name) };
      store.models.insert(restored);
      return toModel(home, restored);
    },
  };
}

/** @throws UserError `model/in-use` when a run began with the model, whatever has become of it */
function requireUnused({ store }: Services, { id, name }: ModelRecord): void {
  const using = store.runs.usingModel(id);
  if (using.length === 0) return;
  const [shown, more] = [using.slice(0, 5).join(', '), using.length - 5];
  throw new UserError(
    'model/in-use',
    `Model "${name}" is the base of ${using.length} ${using.length === 1 ? 'run' : 'runs'}: ${shown}${more > 0 ? ` and ${more} more` : ''}.`,
    'It is needed to export, interpolate and continue them, so it stays.',
  );
}
