import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { openSqliteStore } from '../../receiver/store/sqlite/open.ts'
import { startScene } from '../support/scene.ts'
import { aliasBody, sendWandb } from '../support/send.ts'

const AHEAD_MS = 40 * 86_400_000
const data_dir = mkdtempSync(join(tmpdir(), 'model-dispatch-wrong-clock-'))
afterAll(() => rmSync(data_dir, { recursive: true, force: true }))

describe('a start after one whose clock was 40 days ahead', () => {
  it('shows and keeps the right times, and delivers at once', async () => {
    const store = await openSqliteStore(data_dir)
    // What a process notes every half a minute.
    await store.wakeLanes({ now: Date.now() + AHEAD_MS })
    await store.close()
    const scene = await startScene({ data_dir })
    try {
      const { body } = await sendWandb(scene.receiver.url, aliasBody())
      await expect.poll(() => scene.github.dispatches.length).toBe(1)
      const [id = ''] = body['deliveries'] as string[]
      const { body: delivery } = await scene.receiver.api(`/api/v1/deliveries/${id}`)
      expect(Math.abs(Date.parse(String(delivery['created_at'])) - Date.now())).toBeLessThan(3_600_000)
    } finally {
      await scene.close()
    }
  })
})
