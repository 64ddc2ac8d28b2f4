import { expect, it, onTestFinished } from 'vitest'
import { deliveryIn, startHouse } from '../regressions/receiver.ts'
import { aliasBody, sendWandb } from '../support/send.ts'

const MINUTE = 60_000

it('a login that is learned ten minutes late joins the lanes', async () => {
  const time = { now: Date.now() }
  const house = await startHouse({
    clock: { wall: () => time.now, steady: () => time.now },
    prepare(github) {
      github.failNext({ kind: 'answer', name: 'bad-gateway' }, { operation: 'user' })
      const limited = { kind: 'custom', status: 429, headers: { 'retry-after': '3600' } } as const
      github.failNext(limited, { operation: 'dispatch' })
    },
  })
  onTestFinished(() => house.close())
  const by_name = `github-connection:${new URL(house.github.url).host}:main`
  const by_user = `github-user:${new URL(house.github.url).host}:octocat`
  const ids: string[] = []
  const lanes = async () =>
    await Promise.all(ids.map(async (id) => (await house.store.getDelivery({ id }))?.lane))
  async function send(model: string) {
    const answer = await sendWandb(house.url, aliasBody({ artifact_collection_name: model }))
    ids.push(deliveryIn(answer))
  }

  await send('first')
  await expect.poll(() => house.delivery(ids[0] ?? '')).toMatchObject({ attempts: [{ class: 'limited' }] })
  expect(await lanes()).toEqual([by_name])

  // The next event asks again. The limit that was met under the connection's name holds for the user.
  time.now += 10 * MINUTE
  await send('second')
  await expect.poll(lanes).toEqual([by_user, by_user])
  expect(house.github.dispatches).toHaveLength(0)

  time.now += 51 * MINUTE
  await send('third')
  await expect.poll(() => house.github.dispatches.length).toBe(3)
  expect(await lanes()).toEqual([by_user, by_user, by_user])
})
