import { describe, expect, it } from 'vitest'
import type { SealedRow } from '../../../receiver/store/secret-records.ts'
import type { TestedStore } from './tested-store.ts'

/** A sealed secret: what is in it is nothing to the store. */
function row(parts: Partial<SealedRow> = {}): SealedRow {
  const sealed = Uint8Array.of(0, 255, 10, 39)
  return { name: 'SLACK_TOKEN', hosts: ['hooks.slack.com', '*.slack.com'], key_id: 'a1', sealed, ...parts }
}

/** What is promised about stored secrets. */
export function describeSecrets(tested: TestedStore): void {
  const put = (secret: SealedRow, accepts = ['a1']) =>
    tested.store.putSecret({ secret, accepts, now: tested.now })
  const read = async (...names: string[]) => {
    const rows = await tested.store.readSecrets({ names })
    return rows.map(({ sealed, ...rest }) => ({ ...rest, sealed: [...sealed] }))
  }
  const shown = ({ sealed, ...rest }: SealedRow) => ({ ...rest, sealed: [...sealed] })

  describe('secrets', () => {
    it('come back byte for byte, and only under their own name', async () => {
      expect(await put(row())).toEqual({ outcome: 'created' })
      expect(await read('SLACK_TOKEN', 'OTHER')).toEqual([shown(row())])
      expect(await read('slack_token')).toEqual([])
      expect(await read()).toEqual([])
    })

    it('are replaced whole, however often the same is stored', async () => {
      await put(row())
      const next = row({ hosts: ['a.example'], sealed: Uint8Array.of(7) })
      expect(await put(next)).toEqual({ outcome: 'replaced' })
      expect(await put(next)).toEqual({ outcome: 'replaced' })
      expect(await read('SLACK_TOKEN')).toEqual([shown(next)])
    })

    it('show name, hosts and times in their list, and nothing else', async () => {
      await put(row({ name: 'B' }))
      await put(row({ name: 'A' }))
      tested.now += 5
      await put(row({ name: 'B', hosts: ['b.example'] }))
      await tested.store.noteSecretsUsed({ names: ['B', 'GONE'], now: tested.now })
      const { now } = tested
      const [first, second, ...others] = await tested.store.listSecrets({})
      expect(others).toEqual([])
      expect(first).toEqual({
        ...{ name: 'A', hosts: ['hooks.slack.com', '*.slack.com'] },
        ...{ created_at: first?.updated_at, updated_at: first?.created_at, last_used_at: null },
      })
      expect(second).toMatchObject({ name: 'B', hosts: ['b.example'] })
      if (tested.store.engine === 'sqlite')
        expect(second).toMatchObject({ created_at: now - 5, updated_at: now, last_used_at: now })
      else expect(second?.last_used_at).toBeGreaterThanOrEqual(second?.created_at ?? Infinity)
    })

    it('are gone when they are deleted', async () => {
      await put(row())
      expect(await tested.store.deleteSecret({ name: 'SLACK_TOKEN' })).toEqual({ deleted: true })
      expect(await tested.store.deleteSecret({ name: 'SLACK_TOKEN' })).toEqual({ deleted: false })
      expect(await read('SLACK_TOKEN')).toEqual([])
      expect(await tested.store.secretsKeys({})).toEqual([])
    })

    it('are all under keys that whoever stores another one has', async () => {
      await put(row())
      expect(await put(row({ name: 'NEW', key_id: 'b2' }), ['b2'])).toEqual({ outcome: 'other_key' })
      expect(await read('NEW')).toEqual([])
      expect(await put(row({ name: 'NEW', key_id: 'b2' }), ['b2', 'a1'])).toEqual({ outcome: 'created' })
      expect(await tested.store.secretsKeys({})).toEqual(['a1', 'b2'])
    })

    it('are never under two keys because two first ones came at one time', async () => {
      const keys = ['a1', 'b2', 'c3', 'd4']
      const outcomes = await Promise.all(
        keys.map((key_id) => put(row({ name: key_id.toUpperCase(), key_id }), [key_id])),
      )
      expect(outcomes.map(({ outcome }) => outcome).sort()).toEqual([
        'created',
        'other_key',
        'other_key',
        'other_key',
      ])
      expect(await tested.store.secretsKeys({})).toHaveLength(1)
    })

    it('go under a new key one by one, but for one that was replaced meanwhile', async () => {
      await put(row({ name: 'A' }))
      await put(row({ name: 'B' }))
      const old = await tested.store.secretsOfOtherKeys({ key_id: 'b2' })
      expect(old.map(({ name }) => name)).toEqual(['A', 'B'])
      await put(row({ name: 'B', sealed: Uint8Array.of(9) }))
      for (const was of old) {
        const now_sealed = { ...was, key_id: 'b2', sealed: Uint8Array.of(1) }
        await tested.store.resealSecret({ was, now_sealed })
      }
      expect(await read('A', 'B')).toEqual([
        shown(row({ name: 'A', key_id: 'b2', sealed: Uint8Array.of(1) })),
        shown(row({ name: 'B', sealed: Uint8Array.of(9) })),
      ])
      expect((await tested.store.secretsOfOtherKeys({ key_id: 'b2' })).map(({ name }) => name)).toEqual(['B'])
    })

    it('are no more than a thousand', async () => {
      for (let n = 0; n < 1_000; n += 1) await put(row({ name: `S${n}` }))
      expect(await put(row({ name: 'ONE_MORE' }))).toEqual({ outcome: 'too_many' })
      expect(await put(row({ name: 'S7' }))).toEqual({ outcome: 'replaced' })
    })
  })
}
