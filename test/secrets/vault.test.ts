import { createDecipheriv, hkdfSync, randomBytes } from 'node:crypto'
import { format, inspect } from 'node:util'
import fc from 'fast-check'
import pino from 'pino'
import { describe, expect, it } from 'vitest'
import { Secret } from '../../receiver/secrets/secret.ts'
import { createVault, VaultError, type SealedSecret } from '../../receiver/secrets/vault.ts'

const key = randomBytes(32)
const vault = createVault({ current: key, previous: null })
const binding = { name: 'SLACK_TOKEN', hosts: ['hooks.slack.com'] }
const value = 'xoxb-the-value-é'

function opened(stored: SealedSecret, as = binding): string {
  return vault.open(as, stored).secret.reveal()
}

describe('a sealed secret', () => {
  it('opens to what was sealed, whatever the text', () => {
    const text = fc.string({ unit: 'grapheme' })
    fc.assert(
      fc.property(text, text, fc.array(text), (name, secret, hosts) => {
        const bound = { name, hosts }
        expect(opened(vault.seal(bound, secret), bound)).toBe(secret)
      }),
    )
  })

  it('holds neither its value nor the same bytes twice', () => {
    const [one, other] = [vault.seal(binding, value), vault.seal(binding, value)]
    expect(one.sealed.includes(value)).toBe(false)
    expect(one.sealed.equals(other.sealed)).toBe(false)
  })

  it('is AES-256-GCM with a 12 byte nonce and a 16 byte tag, as anybody can check who has the key', () => {
    const { sealed } = vault.seal(binding, value)
    const derived = hkdfSync('sha256', key, '', 'model-dispatch stored secrets: key', 32)
    const decipher = createDecipheriv('aes-256-gcm', Buffer.from(derived), sealed.subarray(1, 13))
    decipher.setAAD(Buffer.from('[1,"SLACK_TOKEN",["hooks.slack.com"]]')).setAuthTag(sealed.subarray(13, 29))
    expect(decipher.update(sealed.subarray(29)).toString() + decipher.final('utf8')).toBe(value)
  })

  it.each([
    ['another name', { name: 'OTHER', hosts: binding.hosts }],
    ['another host', { name: binding.name, hosts: ['evil.example'] }],
    ['one more host', { name: binding.name, hosts: [...binding.hosts, 'evil.example'] }],
    ['no host', { name: binding.name, hosts: [] }],
  ])('cannot be opened under %s', (_, as) => {
    expect(() => opened(vault.seal(binding, value), as)).toThrow(VaultError)
  })

  it('cannot be opened when any bit of it was changed, or it was cut', () => {
    const { key_id, sealed } = vault.seal(binding, value)
    for (let bit = 0; bit < sealed.length * 8; bit += 1) {
      const other = Buffer.from(sealed)
      other.writeUInt8(other.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3)
      expect(() => opened({ key_id, sealed: other })).toThrow(VaultError)
    }
    for (let length = 0; length < sealed.length; length += 1)
      expect(() => opened({ key_id, sealed: sealed.subarray(0, length) })).toThrow(VaultError)
  })
})

describe('a change of keys', () => {
  const next = randomBytes(32)
  const stored = vault.seal(binding, value)

  it('opens what was sealed under the previous key, and says that it should be sealed again', () => {
    const both = createVault({ current: next, previous: key })
    const { secret, outdated } = both.open(binding, stored)
    expect([secret.reveal(), outdated]).toEqual([value, true])
    const again = both.seal(binding, secret.reveal())
    expect(again.key_id).toBe(both.key_id)
    expect(both.open(binding, again).outdated).toBe(false)
    const later = createVault({ current: next, previous: null })
    expect(later.open(binding, again).secret.reveal()).toBe(value)
  })

  it('refuses what was sealed under a key that is not here any more, and says which variable is missing', () => {
    const later = createVault({ current: next, previous: null })
    expect(() => later.open(binding, stored)).toThrow(
      expect.objectContaining({
        message: 'The secret SLACK_TOKEN was stored under another SECRETS_KEY',
        fix: expect.stringContaining('SECRETS_KEY_PREVIOUS') as string,
      }),
    )
  })

  it('tells keys apart by an id that is no part of them', () => {
    expect(vault.key_id).toMatch(/^[\da-f]{16}$/)
    expect(key.toString('hex')).not.toContain(vault.key_id)
    expect(createVault({ current: next, previous: key }).key_id).not.toBe(vault.key_id)
  })
})

describe('a secret', () => {
  it('is not printed by anything but reveal', () => {
    const secret = new Secret(value)
    let logged = ''
    pino({}, { write: (line: string) => (logged += line) }).info({ secret, inner: { secret } }, '%s', secret)
    const shown = [
      ...[
        String(secret),
        JSON.stringify({ secret }),
        inspect(secret),
        inspect({ secret }, { showHidden: true }),
      ],
      ...[format('%s %o %O %j', secret, secret, secret, secret), logged, Object.values(secret).join()],
      ...[inspect(new Error('x', { cause: secret })), JSON.stringify(structuredClone({ ...{ secret } }))],
    ]
    for (const text of shown) expect(text).not.toContain(value)
    expect(secret.reveal()).toBe(value)
  })
})
