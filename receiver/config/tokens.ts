import { equalSecrets } from '../secrets/equal.ts'
import type { NamedToken } from './config.ts'
import type { Fault } from './problems.ts'

/** The shortest token that cannot be guessed, in characters. */
const SHORTEST = 24

/** Returns what is wrong with the token at `index`, beside those that stand before it. */
export function tokenFaults(
  { name, secret }: Pick<NamedToken, 'name' | 'secret'>,
  index: number,
  before: readonly NamedToken[],
): Fault[] {
  const path = ['admin', 'tokens', index]
  const faults: Fault[] = []
  if (name === 'admin')
    faults.push({ path: [...path, 'name'], message: RESERVED, fix: 'Choose another name.' })
  else if (before.some((other) => other.name === name))
    faults.push({
      path: [...path, 'name'],
      message: 'another token has this name',
      fix: 'Rename one of the two.',
    })
  if (secret.length < SHORTEST)
    faults.push({
      path: [...path, 'secret'],
      message: `is shorter than ${SHORTEST} characters`,
      fix: 'Use a random one: openssl rand -base64 32',
    })
  else if (before.some((other) => equalSecrets(other.secret, secret)))
    faults.push({ path: [...path, 'secret'], message: 'is the same as another token', fix: RANDOM })
  return faults
}

const RESERVED = 'this name belongs to ADMIN_TOKEN'
const RANDOM = 'Give each its own: the audit log could not tell them apart.'
