import { matchesAny } from '../../src/contract/glob.ts'
import type { NamedToken } from '../config/config.ts'
import { equalSecrets } from '../secrets/equal.ts'

/** The rights of a token: to look, or to change things as well. */
export type Role = NamedToken['role']

/** Who sent a request, by the token. */
export interface Principal {
  name: string
  role: Role
  /** Whether the token is limited to some automations. */
  limited: boolean
  /** When the session of the dashboard ends that the request came by, in Unix ms; null for a token. */
  ends_at: number | null
  /** Returns whether an automation of this name is within the token's limits. */
  sees(automation: string): boolean
  /** Returns whether the token is still one of these, with the same secret, role and limits. */
  isOneOf(tokens: readonly NamedToken[]): boolean
}

/** Who calls a route that needs no token: nobody, who may do nothing. */
export const NOBODY: Principal = {
  name: '',
  role: 'read',
  limited: true,
  ends_at: null,
  sees: () => false,
  isOneOf: () => false,
}

/** Returns whose token these bytes are; null for nobody's. Every token is compared, so that the time tells nothing. */
export function principalOf(tokens: readonly NamedToken[], sent: Uint8Array): Principal | null {
  const [found] = tokens.filter(({ secret }) => equalSecrets(sent, secret))
  if (found === undefined) return null
  const { name, secret, role, automations } = found
  const limits = JSON.stringify([name, role, automations])
  return {
    name,
    role,
    limited: automations !== null,
    ends_at: null,
    sees: (automation) => automations === null || matchesAny(automations, [automation]),
    isOneOf: (others) =>
      others.some(
        (one) =>
          JSON.stringify([one.name, one.role, one.automations]) === limits &&
          equalSecrets(one.secret, secret),
      ),
  }
}
