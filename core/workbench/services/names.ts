import { UserError } from '../../base/errors.ts';

interface Named {
  readonly name: string;
}

/** @throws UserError `<kind>/name-taken` or `<kind>/name` */
export function requireFreeName(kind: string, items: readonly Named[], name: string): void {
  if (name.trim() === '') {
    throw new UserError(`${kind}/name`, `The name of a ${kind} is empty.`, 'Give it a name.');
  }
  if (!items.some((item) => item.name === name)) return;
  throw new UserError(
    `${kind}/name-taken`,
    `There is a ${kind} named "${name}" already.`,
    'Choose another name with --name.',
  );
}

/** `wish` itself, or the first of `wish-2`, `wish-3`, … that is free. */
export function freeName(items: readonly Named[], wish: string): string {
  const taken = new Set(items.map(({ name }) => name));
  let name = wish;
  for (let number = 2; taken.has(name); number++) name = `${wish}-${number}`;
  return name;
}
