import type { Secret } from './secret.ts'

/** A named secret that was read from the store. */
export interface NamedSecret {
  /** Where it may be sent: `hooks.slack.com`, `*.logic.azure.com`. */
  hosts: readonly string[]
  value: Secret
}

/** The secrets that were stored under a name, as destinations use them. */
export interface NamedSecrets {
  /**
   * Reads secrets by name; a name that is not stored is left out.
   * @throws VaultError where one cannot be opened; what the store throws.
   */
  read(names: readonly string[]): Promise<ReadonlyMap<string, NamedSecret>>
  /** Notes that these are used now. Returns at once; that it was noted is not certain. */
  used(names: Iterable<string>): void
}

/** Returns the value of a named secret. */
export type SecretLookup = (name: string) => string
