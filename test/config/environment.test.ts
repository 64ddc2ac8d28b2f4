import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { ConfigError } from '../../receiver/config/config.ts'
import { readEnvironment } from '../../receiver/config/environment/environment.ts'

const directory = mkdtempSync(join(tmpdir(), 'environment-'))
const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const certificate = readFileSync(join(import.meta.dirname, '../github/tls/cert.pem'), 'utf8')
const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()

describe('the environment', () => {
  it('has a default for everything', () => {
    expect(readEnvironment({ PORT: '', GITHUB_TOKEN: '' })).toEqual({
      port: 8080,
      host: '0.0.0.0',
      admin: null,
      public_url: null,
      trust_proxy: [],
      config_path: './model-dispatch.yaml',
      database_url: null,
      data_dir: './data',
      github: { auth: null, api_url: null },
      admin_token: null,
      secrets_key: null,
      secrets_key_previous: null,
      outbound: { allow_cidrs: [], allow_http: false, allow_hosts: [] },
      log_level: 'info',
      drain_ms: 5_000,
      start_ms: 30_000,
      notices: [],
      contents: new Map(),
    })
  })

  it('is read as it says', () => {
    const environment = readEnvironment({
      PORT: '0',
      HOST: '::1',
      ADMIN_PORT: '9090',
      ADMIN_HOST: '[::1]',
      PUBLIC_URL: 'https://dispatch.example.com/base/',
      TRUST_PROXY: '10.0.0.0/8, 192.168.1.7,fd00::/8',
      MODEL_DISPATCH_CONFIG: '/etc/model-dispatch',
      DATABASE_URL: 'postgres://me:pw@db/dispatch',
      DATA_DIR: '/data',
      GITHUB_TOKEN: 'token',
      GITHUB_API_URL: 'https://ghes.example/api/v3/',
      ADMIN_TOKEN: 'x'.repeat(24),
      OUTBOUND_ALLOW_CIDRS: '10.0.0.0/8, fd00::1',
      OUTBOUND_ALLOW_HTTP: 'True',
      OUTBOUND_ALLOW_HOSTS: 'hooks.corp.example,*.apps.corp.example , [fd00::2]',
      LOG_LEVEL: 'debug',
      DRAIN_SECONDS: '0',
      START_SECONDS: '120',
    })
    expect(environment).toEqual({
      port: 0,
      host: '::1',
      admin: { host: '::1', port: 9090 },
      public_url: 'https://dispatch.example.com/base',
      trust_proxy: ['10.0.0.0/8', '192.168.1.7', 'fd00::/8'],
      config_path: '/etc/model-dispatch',
      database_url: 'postgres://me:pw@db/dispatch',
      data_dir: '/data',
      github: { auth: { kind: 'token', token: 'token' }, api_url: 'https://ghes.example/api/v3' },
      admin_token: 'x'.repeat(24),
      secrets_key: null,
      secrets_key_previous: null,
      outbound: {
        allow_cidrs: ['10.0.0.0/8', 'fd00::1'],
        allow_http: true,
        allow_hosts: ['hooks.corp.example', '*.apps.corp.example', '[fd00::2]'],
      },
      log_level: 'debug',
      drain_ms: 0,
      start_ms: 120_000,
      notices: [],
      contents: new Map(),
    })
  })

  it.each([
    ['a host and a port', 'postgres://me:pw@db:5432/dispatch'],
    ['a socket that the query names', 'postgres://me:pw@/dispatch?host=/run/postgresql'],
    ['a socket, encoded as the host', 'postgres://me@%2Frun%2Fpostgresql/dispatch'],
    ['a socket and no user', 'postgresql:///dispatch'],
    ['several hosts', 'postgres://me:pw@one:5432,two:5433/dispatch?target_session_attrs=read-write'],
    ['several hosts in the query', 'postgres://me:pw@/dispatch?host=one,two&port=5432'],
    ['an address of IPv6', 'postgres://me:pw@[fd00::7]:5432/dispatch'],
    ['an @ in the query', 'postgres://me:pw@db/dispatch?application_name=me@host'],
    ['a password that is encoded', 'postgres://me:p%40s%2Fs%3F%23@db/dispatch'],
  ])('takes a DATABASE_URL with %s', (_, url) => {
    expect(readEnvironment({ DATABASE_URL: url }).database_url).toBe(url)
  })

  it.each([
    ['0.0.0.0', '0.0.0.0'],
    ['127.0.0.1', '127.0.0.1'],
    ['::', '::'],
    ['[::1]', '::1'],
    ['fe80::1%eth0', 'fe80::1%eth0'],
    ['localhost', 'localhost'],
    ['LOCALHOST', 'localhost'],
  ])('takes the address %s as HOST', (given, host) => {
    expect(readEnvironment({ HOST: given })).toMatchObject({ host, notices: [] })
  })

  it.each([
    ['the platform that conda exports', 'x86_64-conda-linux-gnu'],
    ["the machine's name that a shell exports", 'build-7.corp.example'],
    ['an address with its port', '127.0.0.1:8080'],
    ['a URL', 'http://0.0.0.0'],
  ])('ignores %s as HOST, listens on every address and says so', (_, given) => {
    const { host, notices } = readEnvironment({ HOST: given })
    expect(host).toBe('0.0.0.0')
    expect(notices).toEqual([
      {
        variable: 'HOST',
        message: 'HOST is not an address, so it is ignored: the receiver listens on every address',
        fix: expect.stringContaining('127.0.0.1, 0.0.0.0, ::1, ::') as string,
      },
    ])
  })

  it.each([
    ['INFO', 'info'],
    ['Warning', 'warn'],
    ['CRITICAL', 'fatal'],
    ['off', 'silent'],
  ])('takes the LOG_LEVEL %s, as other programs on a machine are given it', (given, level) => {
    expect(readEnvironment({ LOG_LEVEL: given }).log_level).toBe(level)
  })

  it.each([
    ['with line breaks', pem],
    ['on one line, as stores of variables keep it', pem.replaceAll('\n', '\\n')],
    ['with Windows line breaks', pem.replaceAll('\n', '\r\n')],
    ['as its own base64, on one line', Buffer.from(pem).toString('base64')],
    ['as the base64 of its bytes, on one line', pem.replaceAll(/-----.*-----|\n/g, '')],
    ['under the attributes of a key store', `Bag Attributes\n    friendlyName: app\n${pem}`],
    ['between a comment and a certificate', `# the App's key\n${pem}${certificate}`],
    ['after a certificate', `${certificate}${pem}`],
  ])('takes the key of a GitHub App %s', (_, key) => {
    const { github } = readEnvironment({ GITHUB_APP_ID: '12', GITHUB_APP_PRIVATE_KEY: key })
    expect(github.auth).toEqual({ kind: 'app', app_id: '12', private_key: pem })
  })

  it.each(['GITHUB_TOKEN', 'ADMIN_TOKEN', 'DATABASE_URL'])('takes %s from a file too', (name) => {
    const value = name === 'DATABASE_URL' ? 'postgres://db/dispatch' : 'abcdefghijklmnopqrstuvwxyz'
    const path = write(`${value}\n`)
    expect(JSON.stringify(readEnvironment({ [`${name}_FILE`]: path }))).toContain(value)
  })

  it.each([
    ['a port that is none', { PORT: '80a' }, 'PORT', '0 to 65535'],
    ['a port that is too high', { PORT: '65536' }, 'PORT', '0 to 65535'],
    ['a proxy count', { TRUST_PROXY: '1' }, 'TRUST_PROXY', '10.0.0.0/8'],
    ['all proxies', { TRUST_PROXY: 'true' }, 'TRUST_PROXY', '10.0.0.0/8'],
    ['a name among networks', { OUTBOUND_ALLOW_CIDRS: 'corp.example' }, 'OUTBOUND_ALLOW_CIDRS', '10.0.0.0/8'],
    ['yes for http', { OUTBOUND_ALLOW_HTTP: 'yes' }, 'OUTBOUND_ALLOW_HTTP', 'true or false'],
    [
      'a URL among hosts',
      { OUTBOUND_ALLOW_HOSTS: 'https://a.example' },
      'OUTBOUND_ALLOW_HOSTS',
      'without scheme',
    ],
    ['all hosts', { OUTBOUND_ALLOW_HOSTS: '*' }, 'OUTBOUND_ALLOW_HOSTS', 'without scheme'],
    ['a CIDR that is too long', { TRUST_PROXY: '10.0.0.0/33' }, 'TRUST_PROXY', '10.0.0.0/8'],
    ['an address that is none', { PUBLIC_URL: 'dispatch.example.com' }, 'PUBLIC_URL', 'https://'],
    ['another database', { DATABASE_URL: 'mysql://a' }, 'DATABASE_URL', 'postgres://'],
    ['a password with /', { DATABASE_URL: 'postgres://a:hunter/2@db/x' }, 'DATABASE_URL', '%2F'],
    ['a password of digits with /', { DATABASE_URL: 'postgres://a:1/hunter@db/x' }, 'DATABASE_URL', '%2F'],
    ['a password with #', { DATABASE_URL: 'postgres://a:1#hunter@db/x' }, 'DATABASE_URL', '%23'],
    ['a password with ?', { DATABASE_URL: 'postgres://a:1?hunter@db/x' }, 'DATABASE_URL', '%3F'],
    [
      'a server without database',
      { DATABASE_URL: 'postgres://a:hunter@db:5432' },
      'DATABASE_URL',
      'names no',
    ],
    [
      'an empty database name',
      { DATABASE_URL: 'postgres://a:hunter@db/?sslmode=require' },
      'DATABASE_URL',
      'names no',
    ],
    [
      'a port that is a word',
      { DATABASE_URL: 'postgres://a:hunter@one:5432,two:x/d' },
      'DATABASE_URL',
      'Write it',
    ],
    ['a % that stands for nothing', { DATABASE_URL: 'postgres://a:hunter%@db/x' }, 'DATABASE_URL', '%25'],
    ['a short admin token', { ADMIN_TOKEN: 'hunter2' }, 'ADMIN_TOKEN', 'openssl rand'],
    ['an unknown log level', { LOG_LEVEL: 'loud' }, 'LOG_LEVEL', 'debug'],
    ['a token and an App', { GITHUB_TOKEN: 'a', GITHUB_APP_ID: '1' }, 'GITHUB_TOKEN', 'Keep one'],
    ['an App without key', { GITHUB_APP_ID: '1' }, 'GITHUB_APP_PRIVATE_KEY', 'Set it'],
    ['a key without App', { GITHUB_APP_PRIVATE_KEY: pem }, 'GITHUB_APP_ID', 'Set it'],
    [
      'a key that is none',
      { GITHUB_APP_ID: '1', GITHUB_APP_PRIVATE_KEY: 'abc' },
      'GITHUB_APP_PRIVATE_KEY',
      '.pem',
    ],
    ['a secret twice', { GITHUB_TOKEN: 'a', GITHUB_TOKEN_FILE: '/a' }, 'GITHUB_TOKEN', 'Unset one'],
    ['a token on two lines', { GITHUB_TOKEN: 'ghp_hunter2\nghp_hunter2' }, 'GITHUB_TOKEN', 'on one line'],
    [
      'a token that no header can hold',
      { GITHUB_TOKEN: 'ghp_hunter2\u2026' },
      'GITHUB_TOKEN',
      'Copy the token',
    ],
    ['a token with its scheme', { GITHUB_TOKEN: 'Bearer ghp_hunter2' }, 'GITHUB_TOKEN', 'no `Bearer`'],
    ['a file that is missing', { GITHUB_TOKEN_FILE: '/nope' }, 'GITHUB_TOKEN_FILE', 'readable file'],
    ['a file that is empty', { GITHUB_TOKEN_FILE: write('\n') }, 'GITHUB_TOKEN_FILE', 'readable file'],
  ])('refuses %s, naming the variable and the fix', (_, env, key, fix) => {
    const [problem, ...others] = problemsOf(env)
    expect(others).toEqual([])
    expect(problem).toMatchObject({ file: 'environment', line: null, key })
    expect(`${problem?.message ?? ''} ${problem?.fix ?? ''}`).toContain(fix)
    expect(JSON.stringify(problem)).not.toContain('hunter')
  })

  it.each(['HTTPS_PROXY', 'https_proxy', 'HTTP_PROXY', 'http_proxy'])(
    'refuses a proxy in %s that would crash the process later, without its password',
    (name) => {
      for (const value of [
        'http://user:hunter2@proxy corp:3128',
        'proxy.corp:3128',
        'user:hunter2@proxy:3128',
        'http://user:hunter2%zz@proxy:3128',
        'http://',
        'ftp://user:hunter2@proxy:3128',
      ]) {
        const [problem, ...others] = problemsOf({ [name]: value })
        expect(others).toEqual([])
        expect(problem).toMatchObject({ file: 'environment', key: name })
        expect(problem?.fix).toContain('http://proxy.example.com:3128')
        expect(JSON.stringify(problem)).not.toMatch(/hunter2|corp/)
      }
      for (const value of ['http://proxy:3128', 'https://user:p%40ss@proxy.corp', 'socks5://proxy:1080'])
        expect(problemsOf({ [name]: value })).toEqual([])
    },
  )

  it('reads a secret without what stands around it, and says what was cut', () => {
    const { admin_token, notices } = readEnvironment({
      ADMIN_TOKEN_FILE: write(`\ufeff${'x'.repeat(24)}\r\n`),
      GITHUB_TOKEN: 'ghp_0123456789\r\n',
    })
    expect(admin_token).toBe('x'.repeat(24))
    expect(notices.map(({ variable, message }) => [variable, message])).toEqual([
      ['GITHUB_TOKEN', 'GITHUB_TOKEN was read without a line break of Windows (CR LF) at the end'],
      [
        'ADMIN_TOKEN_FILE',
        'ADMIN_TOKEN_FILE was read without a byte order mark (U+FEFF) at the start and a line break of Windows (CR LF) at the end',
      ],
    ])
  })

  it('says the name of a variable once', () => {
    try {
      readEnvironment({ GITHUB_TOKEN: 'gh p' })
      expect.unreachable()
    } catch (error) {
      expect((error as Error).message).toMatch(/^environment: GITHUB_TOKEN: holds a space/)
    }
  })

  it('tells all problems at once, and no value of a secret', () => {
    const env = {
      PORT: 'x',
      ADMIN_TOKEN: 'hunter2',
      DATABASE_URL: 'mysql://hunter2',
      GITHUB_APP_PRIVATE_KEY: 'hunter2',
    }
    const problems = problemsOf(env)
    expect(problems.map(({ key }) => key)).toEqual(['PORT', 'DATABASE_URL', 'GITHUB_APP_ID', 'ADMIN_TOKEN'])
    expect(JSON.stringify(problems)).not.toContain('hunter2')
  })
})

function write(text: string): string {
  const path = join(directory, `${Math.random()}`)
  writeFileSync(path, text)
  return path
}

function problemsOf(env: Record<string, string>) {
  try {
    readEnvironment(env)
  } catch (error) {
    if (error instanceof ConfigError) return error.problems
    throw error
  }
  return []
}
