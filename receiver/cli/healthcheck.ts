import { get } from 'node:http'
import type { Command } from './command.ts'
import { EXIT, type ExitCode } from './exit-codes.ts'
import { ownAddress } from './own-address.ts'

/** How long the answer may take, in milliseconds: shorter than the time-out of the image's HEALTHCHECK. */
const TIMEOUT_MS = 4_000

/** `healthcheck`: what the image's HEALTHCHECK runs. */
export const command: Command = {
  summary: 'Ask the receiver on this machine whether it is ready.',
  usage: 'healthcheck [--live]',
  help: `Asks GET /readyz on HOST and PORT, and ends with 0 for 200, else with 1.

  --live  Ask GET /healthz: whether the process answers, whatever the state of its store.

Example:
  npm run cli -- healthcheck --live`,
  options: { live: { type: 'boolean' } },
  most_words: 0,
  run: ({ options }) => ask(options['live'] === true ? '/healthz' : '/readyz'),
}

/** Without an agent, which a proxy of the environment could take over: the receiver is on this machine. */
async function ask(path: string): Promise<ExitCode> {
  const url = `${ownAddress(process.env)}${path}`
  return await new Promise((resolve) => {
    const request = get(url, { agent: false, timeout: TIMEOUT_MS }, (response) => {
      response.setEncoding('utf8')
      let body = ''
      response.on('data', (text: string) => (body += text))
      response.on('end', () => {
        console.log(`${response.statusCode ?? 0} ${body}`)
        resolve(response.statusCode === 200 ? EXIT.ok : EXIT.fault)
      })
    })
    request.on('timeout', () => request.destroy(new Error(`nothing came within ${TIMEOUT_MS} ms`)))
    request.on('error', (error) => {
      console.error(`No answer from ${url}: ${error.message}`)
      resolve(EXIT.fault)
    })
  })
}
