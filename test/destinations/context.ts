import { onTestFinished } from 'vitest'
import {
  SecretUnavailable,
  type ConnectContext,
  type Sender,
} from '../../receiver/destinations/destination.ts'
import { createSenders, DESTINATION_TYPES } from '../../receiver/destinations/index.ts'
import { createGitHub } from '../../receiver/github/github.ts'
import { createGuard, type OutboundRules } from '../../receiver/outbound/guard.ts'
import { createOutbound } from '../../receiver/outbound/send.ts'
import { Secret } from '../../receiver/secrets/secret.ts'
import { REFERENCE } from '../../receiver/secrets/settings.ts'
import { startTarget, type Target } from '../standins/target.ts'
import { connections } from './event.ts'

/** What a test lends its destinations; everything else is as in a receiver that may reach loopback over http. */
export interface Lent extends Partial<ConnectContext> {
  env?: Readonly<Record<string, string>>
  /** Named secrets: value and hosts. */
  stored?: Readonly<Record<string, readonly [value: string, ...hosts: string[]]>>
  rules?: Partial<OutboundRules>
  /** What names resolve to. Default: no name does. */
  resolved?: Readonly<Record<string, string>>
}

/** The context of a test; its connections are closed when the test ends. */
export function contextOf({
  env = {},
  stored = {},
  rules,
  resolved = {},
  ...given
}: Lent = {}): ConnectContext {
  const allow = { allow_cidrs: ['127.0.0.1'], allow_http: true, allow_hosts: [], ...rules }
  const resolve = (name: string) => {
    const address = resolved[name]
    if (address !== undefined) return Promise.resolve([{ address, family: 4 } as const])
    return Promise.reject(Object.assign(new Error(name), { code: 'ENOTFOUND' }))
  }
  const outbound = createOutbound(createGuard(allow, { resolve, env: {} }))
  onTestFinished(() => outbound.close())
  return {
    connections,
    public_url: null,
    github: { ...createGitHub(), login: () => null },
    outbound,
    now: Date.now,
    secret: (text) =>
      text.replace(REFERENCE, (_, __, name: string) => {
        const value = env[name]
        if (value === undefined)
          throw new SecretUnavailable(`The variable ${name} is not set.`, `Set ${name}.`)
        return value
      }),
    named: {
      read: (names) =>
        Promise.resolve(
          new Map(
            names.flatMap((name) => {
              const [value, ...hosts] = stored[name] ?? []
              return value === undefined ? [] : [[name, { value: new Secret(value), hosts }] as const]
            }),
          ),
        ),
      used: () => undefined,
    },
    ...given,
  }
}

/** A destination type, ready to send. */
export function senderOf(type: string, lent: Lent = {}): Sender {
  const sender = createSenders(DESTINATION_TYPES, contextOf(lent)).get(type)
  if (sender === undefined) throw new Error(`${type} is not registered.`)
  return sender
}

/** A user's server, which ends with the test. */
export async function target(options: Parameters<typeof startTarget>[0] = {}): Promise<Target> {
  const started = await startTarget(options)
  onTestFinished(() => started.close())
  return started
}
