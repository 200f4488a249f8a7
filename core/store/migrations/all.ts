import { initialSchema } from './0001-initial-schema.ts';
import { strategies } from './0002-strategies.ts';
import { workbench } from './0003-workbench.ts';
import type { Migration } from './migration.ts';

/** Every migration in order; the last one's version is the version this program writes. */
export const MIGRATIONS: readonly Migration[] = [initialSchema, strategies, workbench];
