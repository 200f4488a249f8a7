import { rm } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { UserError } from '../../base/errors.ts';
import { VERSION } from '../../base/version.ts';
import type { Handlers } from '../calls.ts';
import type { Model } from '../contract.ts';
import { relativeToHome } from '../home.ts';
import type { ModelDescription } from '../jobContract.ts';
import { toModel } from '../records.ts';
import { freeName, requireFreeName, requireName } from './names.ts';
import { oneAtATime } from './oneAtATime.ts';
import type { Services } from './services.ts';

export function modelHandlers(services: Services): Handlers<'models/import' | 'models/init'> {
  const { home, runJob } = services;
  // One at a time: of two that make the same folder, one could remove it under the other.
  const inTurn = oneAtATime();

  return {
    async 'models/import'({ path, name, link }, context) {
      if (name !== undefined) requireName('model', name);
      const source = resolve(path);
      const request = { source, modelsFolder: home.models, link };
      return inTurn(async () => {
        const description = await runJob('models/import', request, context);
        return register(services, description, { name, wish: basename(source), linked: link });
      });
    },

    async 'models/init'({ configPath, tokenizerPath, name, seed }, context) {
      requireName('model', name);
      const request = {
        configPath: resolve(configPath),
        tokenizerPath: resolve(tokenizerPath),
        modelsFolder: home.models,
        name,
        seed,
        version: VERSION,
        createdAt: new Date().toISOString(),
      };
      return inTurn(async () => {
        const description = await runJob('models/init', request, context);
        return register(services, description, { name, wish: name, linked: false });
      });
    },
  };
}

interface Registration {
  /** What the person asked for; undefined leaves the choice to us. */
  readonly name: string | undefined;
  readonly wish: string;
  readonly linked: boolean;
}

/** Registers a model, or removes the folder that was made for it. */
async function register(
  services: Services,
  description: ModelDescription,
  registration: Registration,
): Promise<Model> {
  try {
    return enter(services, description, registration);
  } catch (error) {
    const { hash, folder, made } = description;
    const known = services.store.models.find(hash);
    // A copy that is known was damaged and is whole again; of a link the copy is of no use.
    if (made && (known === undefined || known.linked)) {
      await rm(folder, { recursive: true, force: true });
    }
    throw error;
  }
}

/** A model is its content: registering the same files again answers with the model that is there. */
function enter(
  { home, store }: Services,
  { folder, made: _, ...description }: ModelDescription,
  { name, wish, linked }: Registration,
): Model {
  const place = linked ? folder : relativeToHome(home, folder);
  return store.transaction(() => {
    const known = store.models.find(description.hash);
    if (known !== undefined) {
      if (name !== undefined && name !== known.name) {
        throw new UserError(
          'model/known',
          `This model is here already, under the name "${known.name}".`,
          `Use that name; a model is known by its content, SHA-256 ${known.hash}.`,
        );
      }
      // A copy is safer than a link, so a link never replaces one.
      if (known.linked) store.models.relocate(known.id, place, linked);
      return toModel(home, store.models.find(known.id) ?? known);
    }
    const models = store.models.list();
    if (name !== undefined) requireFreeName('model', models, name);
    const record = {
      ...description,
      id: description.hash,
      name: name ?? freeName(models, wish),
      folder: place,
      linked,
      parentRun: null,
      createdAt: new Date().toISOString(),
    };
    store.models.insert(record);
    return toModel(home, record);
  });
}
