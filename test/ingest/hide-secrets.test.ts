import { describe, expect, it } from 'vitest'
import { hideSecrets } from '../../receiver/ingest/hide-secrets.ts'

const credentials = {
  secrets: ['signing-"secret"'],
  access_token: 'token-0001',
  authorization: 'Bearer dapi-77777',
}
const hide = (body: unknown) => hideSecrets(Buffer.from(JSON.stringify(body)), credentials).toString()

describe('a template that renders a credential into its own body', () => {
  it('leaves none of it in what is stored', () => {
    const body = { a: 'token-0001', b: 'x signing-"secret" y', c: ['dapi-77777'] }
    expect(JSON.parse(hide(body))).toEqual({ a: '[secret]', b: 'x [secret] y', c: ['[secret]'] })
  })

  it('is the only body that is touched', () => {
    const body = Buffer.from('{"a":1}')
    expect(hideSecrets(body, credentials)).toBe(body)
  })
})
