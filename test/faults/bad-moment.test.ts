import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { mustRun } from '../support/must-run.ts'
import { ReceiverProcess } from '../support/receiver-process.ts'
import { DEPLOY_CONFIG } from '../support/scene.ts'
import { aliasBody, sendWandb, WANDB_SECRET } from '../support/send.ts'
import { canHave, mountSmallDisk, type SmallDisk } from './small-disk.ts'

const possible = canHave(() => mountSmallDisk(4))

describe.runIf(mustRun(possible, 'a start on a full disk', 'this user may not mount file systems'))(
  'a start on a disk that is full for a moment',
  () => {
    let disk: SmallDisk | null
    const started: ReceiverProcess[] = []
    beforeAll(() => {
      disk = mountSmallDisk(4)
      disk?.fill()
    })
    afterAll(async () => {
      for (const receiver of started) await receiver.remove()
      disk?.remove()
    })
    const receiverWith = (START_SECONDS: string) => {
      const receiver = new ReceiverProcess({
        config: DEPLOY_CONFIG,
        github_url: 'http://127.0.0.1:9',
        data_dir: `${disk?.path ?? ''}/data`,
        env: { WANDB_WEBHOOK_SECRET: WANDB_SECRET, START_SECONDS },
      })
      started.push(receiver)
      return receiver
    }

    it('ends with code 75, which says that another start may succeed, and with what to do', async () => {
      const receiver = receiverWith('0')
      expect(await receiver.launch()).toEqual({ code: 75, signal: null })
      expect(receiver.output).toMatch(/^Model Dispatch did not start\.\n/)
      expect(receiver.output).toMatch(/(full|ENOSPC)[\s\S]*\n {2}-> Free space/)
      expect(receiver.output).not.toMatch(/^\s+at /m)
    })

    it('waits, says so, and goes on by itself once there is space', async () => {
      const receiver = receiverWith('120')
      const listening = receiver.start()
      await receiver.waitFor(
        () => receiver.logged('the store is not there yet: tried again').length > 0,
        30_000,
      )
      disk?.free()
      await listening
      expect((await sendWandb(receiver.url, aliasBody())).status).toBe(202)
    })
  },
)
