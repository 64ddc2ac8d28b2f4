import { describe, expect, it } from 'vitest'
import { ConfigError } from '../../receiver/config/config.ts'
import { readEnvironment } from '../../receiver/config/environment/environment.ts'

function problemsOf(env: Record<string, string>) {
  try {
    readEnvironment(env)
  } catch (error) {
    if (error instanceof ConfigError) return error.problems
    throw error
  }
  return []
}

describe('the addresses of a receiver', () => {
  it.each([
    [{ ADMIN_PORT: '9090' }, { host: '0.0.0.0', port: 9090 }],
    [
      { HOST: '10.0.0.7', ADMIN_PORT: '0' },
      { host: '10.0.0.7', port: 0 },
    ],
    [
      { ADMIN_PORT: '9090', ADMIN_HOST: '127.0.0.1' },
      { host: '127.0.0.1', port: 9090 },
    ],
    [
      { PORT: '0', ADMIN_PORT: '0', ADMIN_HOST: '[::1]' },
      { host: '::1', port: 0 },
    ],
    [{ ADMIN_PORT: '' }, null],
  ])('are two with %j', (env, admin) => {
    expect(readEnvironment(env).admin).toEqual(admin)
  })

  it.each(['https://e.example', 'https://e.example/dispatch/', 'http://10.0.0.7:8080/a/b-c_d.e~f'])(
    'may be %s for registries',
    (url) => {
      expect(readEnvironment({ PUBLIC_URL: url }).public_url).toBe(url.replace(/\/$/, ''))
    },
  )

  it.each<[string, Record<string, string>, string, string]>([
    ['a base path that is one of our own', { PUBLIC_URL: 'https://e.example/api' }, 'PUBLIC_URL', '/api'],
    ['a base path below one', { PUBLIC_URL: 'https://e.example/webhooks/x/' }, 'PUBLIC_URL', '/webhooks'],
    ['a base path of odd characters', { PUBLIC_URL: 'https://e.example/a;b' }, 'PUBLIC_URL', 'letters'],
    ['one port for both', { PORT: '9090', ADMIN_PORT: '9090' }, 'ADMIN_PORT', 'another port'],
    ['the usual port for both', { ADMIN_PORT: '8080' }, 'ADMIN_PORT', 'another port'],
    ['an admin port that is none', { ADMIN_PORT: 'yes' }, 'ADMIN_PORT', 'digits'],
    ['an admin host without a port', { ADMIN_HOST: '127.0.0.1' }, 'ADMIN_HOST', 'Set ADMIN_PORT'],
    ['an admin host that is a name', { ADMIN_PORT: '9090', ADMIN_HOST: 'db' }, 'ADMIN_HOST', '127.0.0.1'],
  ])('are refused with an instruction: %s', (_, env, key, fix) => {
    expect(problemsOf(env)).toMatchObject([{ key, fix: expect.stringContaining(fix) as string }])
  })
})
