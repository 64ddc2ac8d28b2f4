import { createGuard, PUBLIC_ONLY, resolveBySystem } from '../../receiver/outbound/guard.ts'
import type { Environment } from '../../receiver/config/environment/environment.ts'
import { createOutbound, type Outbound } from '../../receiver/outbound/send.ts'

/** The way out of a receiver to which nothing beyond public https was opened. */
export function publicOutbound(): Outbound {
  return createOutbound(createGuard(PUBLIC_ONLY, { resolve: resolveBySystem, env: process.env }))
}

/** The way out that an environment opens. */
export function outboundOf({ outbound }: Environment): Outbound {
  return createOutbound(createGuard(outbound, { resolve: resolveBySystem, env: process.env }))
}
