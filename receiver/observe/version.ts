import packageJson from '../../package.json' with { type: 'json' }

/** The version of this program, as package.json names it: the one place where it is written. */
export const VERSION: string = packageJson.version
