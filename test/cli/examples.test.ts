import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { COMMANDS } from '../../receiver/cli/commands.ts'
import { startGitHub, type StandInGitHub } from '../standins/github/index.ts'
import { freePort } from '../support/free-port.ts'
import { aliasBody } from '../support/send.ts'
import { Beginner } from './mistake-scene.ts'

const PROGRAM = join(import.meta.dirname, '..', '..', 'receiver', 'main.ts')
const LISTENER = `on:
  repository_dispatch: { types: [deploy-model] }
concurrency: { group: "\${{ github.event.client_payload.model_event.subject_key }}", queue: max }
jobs: { deploy: { runs-on: ubuntu-latest, steps: [{ run: "true" }] } }
`

/** The examples that a command's help prints: `npm run cli -- …`, or what follows the image or program of a container. */
async function examplesOf(name: string): Promise<string[]> {
  const { help } = (await COMMANDS.get(name)?.()) ?? { help: '' }
  const [, examples = ''] = help.split(/^Examples?:\n/m)
  return examples.split('\n').map((line) => line.trim())
}

const argsOf = (example: string) =>
  /(?:npm run cli -- | IMAGE | receiver\/main\.js )(.*)$/.exec(example)?.[1]?.split(' ') ?? []

/** Commands that go on until something happens, and `init`, which made the folder: tested by themselves. */
const OTHERS = ['serve', 'capture', 'init']

describe('the examples of the help', { timeout: 180_000 }, () => {
  let one: Beginner
  let github: StandInGitHub
  const ids = { EVENT_ID: '', DELIVERY_ID: '' }
  let url = ''
  const made = mkdtempSync(join(tmpdir(), 'model-dispatch-examples-'))

  beforeAll(async () => {
    const path = join(made, 'model-dispatch.yaml')
    execFileSync(process.execPath, [PROGRAM, ...argsOf((await examplesOf('init'))[0] ?? ''), path])
    github = await startGitHub({
      limits: { enabled: false },
      files: { '.github/workflows/deploy.yml': LISTENER },
    })
    one = new Beginner(made)
    one.set('GITHUB_TOKEN', 'ghp_0123456789abcdef0123456789abcdef0123')
    one.set('GITHUB_API_URL', github.url)
    one.set('PORT', String(await freePort()))
    writeFileSync(join(one.folder, 'body.json'), JSON.stringify(aliasBody()))
    ;({ url } = await one.serve())
    const sent = await one.run('send', '--body', 'body.json', '--json')
    const { body } = JSON.parse(sent.text) as { body: { event_id: string; deliveries: string[] } }
    ids.EVENT_ID = body.event_id
    ids.DELIVERY_ID = String(body.deliveries[0])
    while (github.dispatches.length === 0) await new Promise((done) => setTimeout(done, 100))
  }, 180_000)
  afterAll(async () => {
    await one.close()
    await github.close()
    rmSync(made, { recursive: true })
  })

  it.each([...COMMANDS.keys()].filter((name) => !OTHERS.includes(name)))(
    'of %s work as they are printed',
    async (name) => {
      const examples = await examplesOf(name)
      expect(examples.length).toBeGreaterThan(0)
      for (const example of examples) {
        const args = argsOf(example).map((arg) =>
          arg
            .replace('EVENT_ID', ids.EVENT_ID)
            .replace('DELIVERY_ID', ids.DELIVERY_ID)
            .replace('https://dispatch.example.com', url)
            .replace('/config/', './'),
        )
        expect(args[0], example).toBe(name)
        const { ok, text } = await one.run(...args)
        expect(ok, `${example}\n${text}`).toBe(true)
      }
    },
  )

  it('of serve start the receiver, and those of capture wait for a webhook', async () => {
    expect((await examplesOf('serve')).map(argsOf)).toEqual([['serve']])
    const other = new Beginner(made)
    other.set('PORT', '0')
    other.set('GITHUB_TOKEN', 'ghp_0123456789abcdef0123456789abcdef0123')
    expect((await other.serve()).ok).toBe(true)
    await other.close()
    expect((await examplesOf('capture')).map(argsOf)).toEqual([['capture', '--out', 'registry.json']])
  })
})
