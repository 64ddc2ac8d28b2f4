import { parseArgs } from 'node:util'
import { startGitHub, type StandInOptions } from './index.ts'

/**
 * A stand-in GitHub as a process of its own: prints its URL and then serves until it is ended. Steer it by
 * `/_control/…` (control.ts).
 *   node test/standins/github/main.ts [--port 0] [--options '{"moved": {"acme/old": "acme/new"}}']
 */
const { values } = parseArgs({
  options: { port: { type: 'string', default: '0' }, options: { type: 'string', default: '{}' } },
})
const options = JSON.parse(values.options) as StandInOptions
const github = await startGitHub({ ...options, port: Number(values.port) })
process.stdout.write(`${github.url}\n`)
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => void github.close())
}
