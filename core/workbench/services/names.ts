import { UserError } from '../../base/errors.ts';

interface Named {
  readonly name: string;
}

const LONGEST_NAME = 200;

/**
 * A name stands in tables, in messages and in project files, so it is one line of them.
 * @throws UserError `<kind>/name`
 */
export function requireName(kind: string, name: string): void {
  const fault =
    name.trim() === ''
      ? 'is empty'
      : name.length > LONGEST_NAME
        ? `has ${name.length} characters, more than ${LONGEST_NAME}`
        : /\p{Cc}/u.test(name)
          ? 'holds a line end or another control character'
          : undefined;
  if (fault === undefined) return;
  throw new UserError(
    `${kind}/name`,
    `The name of the ${kind} ${fault}.`,
    `Choose a name of one line and at most ${LONGEST_NAME} characters.`,
  );
}

/** @throws UserError `<kind>/name-taken` or `<kind>/name` */
export function requireFreeName(kind: string, items: readonly Named[], name: string): void {
  requireName(kind, name);
  if (!items.some((item) => item.name === name)) return;
  throw new UserError(
    `${kind}/name-taken`,
    `There is a ${kind} named "${name}" already.`,
    'Choose another name with --name.',
  );
}

/** A name as near to `wish` as one may be: `wish` itself, or the first of `wish-2`, `wish-3`, … that is free. */
export function freeName(items: readonly Named[], wish: string): string {
  const taken = new Set(items.map(({ name }) => name));
  const first = wish.replace(/\p{Cc}/gu, ' ').slice(0, LONGEST_NAME - 10);
  let name = first;
  for (let number = 2; taken.has(name); number++) name = `${first}-${number}`;
  return name;
}
