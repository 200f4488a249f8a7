/** Takes the name of a user out of paths that are to be sent along with a question. */

export interface User {
  readonly folder: string;
  readonly name: string;
}

/** "/home/mira/data" becomes "~/data"; elsewhere a folder or file of the user's name "<user>". */
export function withoutUser(text: string, { folder, name }: User): string {
  const isAFolder = folder.length > 1;
  const shortened = isAFolder
    ? text.replaceAll(new RegExp(`${escape(folder)}(?![^/\\\\\\s"',:;.)])`, 'g'), '~')
    : text;
  if (name === '') return shortened;
  return shortened.replaceAll(
    new RegExp(`(?<=[/\\\\])${escape(name)}(?![^/\\\\\\s"',:;.)])`, 'g'),
    '<user>',
  );
}

function escape(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
