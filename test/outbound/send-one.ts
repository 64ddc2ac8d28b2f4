import { createGuard, resolveBySystem } from '../../receiver/outbound/guard.ts'
import { readEnvironment } from '../../receiver/config/environment/environment.ts'
import { createOutbound } from '../../receiver/outbound/send.ts'

/** Posts to the URL of the first argument with the rules of the environment, and prints what came of it. */
const { env } = process
const outbound = createOutbound(createGuard(readEnvironment(env).outbound, { resolve: resolveBySystem, env }))
const sent = await outbound.send(
  {
    method: 'POST',
    url: process.argv[2] ?? '',
    headers: { 'content-type': 'text/plain' },
    body: 'hello',
    verify_tls: process.argv[3] !== 'unverified',
  },
  AbortSignal.timeout(8_000),
)
process.stdout.write(JSON.stringify(sent))
await outbound.close()
