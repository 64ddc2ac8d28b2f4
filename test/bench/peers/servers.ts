import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { startServer, type ServerProcess } from '../children.ts'
import { SECRET } from '../load/ring.ts'
import { installPeer } from './install.ts'

const HERE = import.meta.dirname
const PROBOT = 'probot@14.3.2'

/** Express with the same checks and no store. */
export const startExpress = (): Promise<ServerProcess> =>
  startServer({
    name: 'Express',
    command: process.execPath,
    args: [join(HERE, 'express.ts')],
    env: { SECRET, NODE_ENV: 'production' },
  })

/** Express that sends the dispatch itself and keeps nothing. */
export const startForwarder = (github_url: string): Promise<ServerProcess> =>
  startServer({
    name: 'forwarder',
    command: process.execPath,
    args: [join(HERE, 'forwarder.ts')],
    env: { SECRET, GITHUB_URL: github_url, NODE_ENV: 'production' },
  })

/** Probot's middleware, installed into `folder` first. Throws where npm cannot get it. */
export async function startProbot(folder: string): Promise<ServerProcess> {
  const place = installPeer(folder, 'probot.mjs', [PROBOT])
  return startServer({
    name: 'Probot',
    command: process.execPath,
    args: ['probot.mjs'],
    env: { SECRET, NODE_ENV: 'production' },
    cwd: place,
  })
}

/** adnanh/webhook with a hook that runs /bin/true. Throws where it is not installed. */
export async function startWebhook(folder: string): Promise<ServerProcess> {
  const hooks = join(folder, 'hooks.json')
  writeFileSync(hooks, JSON.stringify([HOOK]))
  const args = ['-hooks', hooks, '-ip', '127.0.0.1', '-port', '{port}']
  return startServer({ name: 'webhook', command: 'webhook', args })
}

/** Its rule: the body's HMAC under the secret is in the header that GitHub sends. */
const HOOK = {
  id: 'promoted',
  'execute-command': '/bin/true',
  'http-methods': ['POST'],
  'success-http-response-code': 202,
  'trigger-rule-mismatch-http-response-code': 401,
  'trigger-rule': {
    match: {
      type: 'payload-hmac-sha256',
      secret: SECRET,
      parameter: { source: 'header', name: 'X-Hub-Signature-256' },
    },
  },
}
