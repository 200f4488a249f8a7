import packageFile from '../../package.json' with { type: 'json' };

/** Palimpsest's own version. */
export const VERSION: string = packageFile.version;
