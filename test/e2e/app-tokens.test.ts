import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createAppKey } from '../standins/github/index.ts'
import { startScene, type Scene } from '../support/scene.ts'
import { aliasBody, sendWandb } from '../support/send.ts'

const IN_FORCE = 'configuration changed: in force'

/** One automation for each of these repositories, wanting the alias of its name. */
const configOf = (...repositories: string[]) => `version: 1
sources:
  wandb: { type: wandb, secrets: ['\${env:WANDB_WEBHOOK_SECRET}'] }
github:
  main: { repositories: ['acme/*'], writes_per_second: 0 }
automations:
${repositories
  .map(
    (repository) => `  - name: to-${repository.replace(/\W/g, '')}
    events: [ADD_ARTIFACT_ALIAS]
    filter: { alias: ${repository.replace(/\W/g, '')} }
    destinations: [{ type: repository_dispatch, repository: 'acme/${repository}' }]`,
  )
  .join('\n')}
`

describe("the token of a GitHub App's installation", () => {
  let scene: Scene
  beforeAll(async () => {
    const { private_key, public_key } = createAppKey()
    scene = await startScene({
      config: configOf('serving', 'training'),
      github: { app: { id: '77', public_key, installations: { acme: 4711 } } },
      env: { GITHUB_TOKEN: undefined, GITHUB_APP_ID: '77', GITHUB_APP_PRIVATE_KEY: private_key },
    })
  })
  afterAll(() => scene.close())

  const minted = () =>
    scene.github.mints.map(({ request }) => (request as { repositories?: string[] }).repositories ?? 'all')
  let n = 0
  /** Sends an event with this alias and waits until its dispatch is accepted; gives the delivery's id. */
  async function dispatch(alias: string): Promise<string> {
    const before = scene.github.dispatches.length
    const { body } = await sendWandb(scene.receiver.url, aliasBody({ alias, n: ++n }))
    await expect.poll(() => scene.github.dispatches.length).toBe(before + 1)
    return String((body['deliveries'] as string[])[0])
  }
  async function change(config: string) {
    const before = scene.receiver.logged(IN_FORCE).length
    scene.receiver.writeConfig(config)
    await scene.receiver.waitFor(() => scene.receiver.logged(IN_FORCE).length > before)
  }

  let to_serving = ''
  it('is for the repositories that automations name, and is minted once', async () => {
    to_serving = await dispatch('serving')
    await dispatch('training')
    await dispatch('serving')
    expect(minted()).toEqual([['serving', 'training']])
  })

  it('is for those of the changed configuration as soon as one of them is new', async () => {
    await change(configOf('training', 'docs'))
    await dispatch('training')
    expect(minted()).toHaveLength(1)
    await dispatch('docs')
    await dispatch('training')
    expect(minted().slice(1)).toEqual([['training', 'docs']])
  })

  it('is made wider for a redelivery to a repository that nobody names any more', async () => {
    const before = scene.github.dispatches.length
    const path = `/api/v1/deliveries/${to_serving}/redeliver`
    await scene.receiver.api(path, { method: 'POST', body: { force: true } })
    await expect.poll(() => scene.github.dispatches.length).toBe(before + 1)
    expect(scene.github.dispatches.at(-1)?.repository).toBe('acme/serving')
    expect(minted().slice(2)).toEqual([['training', 'docs', 'serving']])
  })

  it('is for all of the installation where an event decides', async () => {
    await change(configOf('training', 'docs', '${artifact_collection_name}'))
    await dispatch('artifact_collection_name')
    await dispatch('artifact_collection_name')
    expect(scene.github.dispatches.at(-1)?.repository).toBe('acme/resnet50')
    expect(minted().slice(3)).toEqual(['all'])
  })
})
