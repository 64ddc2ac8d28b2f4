import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { startScene, type Scene } from '../support/scene.ts'
import { aliasBody, sendWandb } from '../support/send.ts'

const WRONG = 'ghp_aTokenThatWasRevoked0001'
const RIGHT = 'ghp_aTokenThatIsRight0000002'

interface Waiting {
  status: string
  waiting_for: { reason: string; until: string | null } | null
}

/** A receiver whose token, in a file, GitHub refuses; one delivery waits for that. */
async function startRefused() {
  const folder = mkdtempSync(join(tmpdir(), 'model-dispatch-token-'))
  const file = join(folder, 'token')
  writeFileSync(file, WRONG)
  const scene = await startScene({
    github: { users: { [RIGHT]: 'jane' } },
    env: { GITHUB_TOKEN: undefined, GITHUB_TOKEN_FILE: file },
  })
  onTestFinished(async () => {
    await scene.close()
    rmSync(folder, { recursive: true })
  })
  const refused = await deliver(scene, 1)
  await scene.receiver.waitFor(() => scene.receiver.logged('lane paused').length > 0)
  return { scene, refused, correct: () => writeFileSync(file, RIGHT) }
}

async function deliver({ receiver }: Scene, n: number): Promise<string> {
  const { body } = await sendWandb(receiver.url, aliasBody({ artifact_collection_name: `model-${n}` }))
  return (body['deliveries'] as [string])[0]
}

const get = async ({ receiver }: Scene, id: string) =>
  (await receiver.api(`/api/v1/deliveries/${id}`)).body as unknown as Waiting

describe('deliveries that wait since the credentials are refused', () => {
  it('say what they wait for, in the API, in the log, and when somebody tries to redeliver one', async () => {
    const { scene, refused } = await startRefused()
    const behind = await deliver(scene, 2)
    for (const id of [refused, behind]) {
      const { status, waiting_for } = await get(scene, id)
      expect(status).toBe('pending')
      expect(waiting_for?.reason).toMatch(
        /^Its lane is paused, since the credentials are refused\..*Bad credentials/,
      )
      expect(Date.parse(waiting_for?.until ?? '') - Date.now()).toBeGreaterThan(60_000)
    }
    expect(scene.receiver.logged('lane paused')).toMatchObject([{ level: 'warn', cause: 'credentials' }])
    const again = await scene.receiver.api(`/api/v1/deliveries/${refused}/redeliver`, { method: 'POST' })
    expect(again.status).toBe(409)
    expect(again.body['detail']).toMatch(/^It waits already\. Its lane is paused, .* Until 2/)
  })

  it('go on at once when the token is corrected in its file', async () => {
    const { scene, refused, correct } = await startRefused()
    correct()
    await expect.poll(async () => (await get(scene, refused)).status).toBe('succeeded')
    expect((await get(scene, refused)).waiting_for).toBeNull()
    expect(scene.receiver.logged('lane goes on')).toHaveLength(1)
  })

  it('go on at once when the token is corrected by a restart', async () => {
    const { scene, refused, correct } = await startRefused()
    await scene.receiver.stop()
    correct()
    await scene.receiver.start()
    await expect.poll(async () => (await get(scene, refused)).status).toBe('succeeded')
  })
})
