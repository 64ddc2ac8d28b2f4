import { describe, expect, it } from 'vitest'
import { SOON } from '../regressions/receiver.ts'
import { settled, startLookupScene } from './scene.ts'

describe('a W&B that answers wrongly', () => {
  it.each([
    ['about another artifact', '{"data":{"artifact":{"id":"other","metadata":"{}"}}}'],
    ['with a page to log in', '<html>Log in</html>'],
    ['with an error', '{"errors":[{"message":"permission denied"}],"data":null}'],
    ['with nothing', '{"data":{}}'],
    ['with lists for everything', '{"data":{"artifact":[]}}'],
  ])('%s is not believed', async (_, text) => {
    const scene = await startLookupScene({ mode: 'required' })
    let wrong = 0
    scene.wandb.misbehave((_asked, response) => {
      if (wrong > 0) return false
      wrong += 1
      response.end(text)
      return true
    })
    const found = await settled(scene, await scene.send())
    expect(found).toMatchObject({ status: 'matched', event: { metadata: { loss: 0.5 } } })
    expect(scene.house.log.filter(({ message }) => message === 'look-up failed')).toHaveLength(1)
  })

  it('says for a minute that there is no such version before that counts', async () => {
    const scene = await startLookupScene({ mode: 'required' })
    scene.wandb.artifacts.clear()
    const answer = await scene.send()
    await expect.poll(() => scene.wandb.asked.length, SOON).toBeGreaterThan(0)
    expect((await scene.event(answer)).status).toBe('enriching')
    scene.clock.ahead += 60_000
    const { status, event } = await settled(scene, answer)
    expect(status).toBe('lookup_failed')
    expect(String(event.extra.lookup?.['error'])).toContain('knows no artifact version')
  })
})
