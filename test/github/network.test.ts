import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect, type AddressInfo } from 'node:net'
import { createServer } from 'node:tls'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import type { AttemptResult } from '../../receiver/policy/attempt.ts'
import { startGitHub, type StandInGitHub } from '../standins/github/index.ts'
import { startProxy } from './proxy.ts'

const certificate = file('tls/cert.pem')

function file(name: string): string {
  return fileURLToPath(new URL(name, import.meta.url))
}

/** Sends from a process with this environment and no other proxy settings. */
async function sendFrom(env: Record<string, string>, api_url: string): Promise<AttemptResult> {
  const path = { PATH: process.env['PATH'] ?? '' }
  const { stdout } = await promisify(execFile)(process.execPath, [file('send-one.ts'), api_url], {
    env: { ...path, ...env },
  })
  return JSON.parse(stdout) as AttemptResult
}

/** The stand-in behind TLS, as `github.test`. */
async function startTls(target: StandInGitHub): Promise<number> {
  const keys = { key: readFileSync(file('tls/key.pem')), cert: readFileSync(certificate) }
  const server = createServer(keys, (socket) => {
    const upstream = connect(Number(new URL(target.url).port), '127.0.0.1')
    socket.pipe(upstream).pipe(socket)
    for (const end of [socket, upstream]) end.on('error', () => undefined)
  })
  server.on('tlsClientError', () => undefined)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  return (server.address() as AddressInfo).port
}

describe('what leaves the receiver', () => {
  let github: StandInGitHub
  beforeAll(async () => {
    github = await startGitHub({ validate: false })
    return () => github.close()
  })

  async function proxyTo(port: number, credentials: string | null = null) {
    const proxy = await startProxy(port, credentials)
    onTestFinished(() => proxy.close())
    return proxy
  }

  it('goes straight to GitHub without a proxy', async () => {
    expect(await sendFrom({}, github.url)).toMatchObject({ class: 'success', status: 204 })
  })

  it('goes through HTTPS_PROXY by CONNECT, and trusts NODE_EXTRA_CA_CERTS', async () => {
    const proxy = await proxyTo(await startTls(github), 'user:pass word')
    const url = proxy.url.replace('//', '//user:pass%20word@')
    const env = { HTTPS_PROXY: url, NODE_EXTRA_CA_CERTS: certificate }
    expect(await sendFrom(env, 'https://github.test/api/v3')).toMatchObject({ class: 'success', status: 204 })
    expect(proxy.asked).toEqual(['CONNECT github.test:443'])
  })

  it('goes through HTTP_PROXY', async () => {
    const proxy = await proxyTo(Number(new URL(github.url).port))
    expect(await sendFrom({ HTTP_PROXY: proxy.url }, 'http://github.test')).toMatchObject({ status: 204 })
    expect(proxy.asked).toEqual([expect.stringContaining('github.test')])
  })

  it('goes past the proxy to what NO_PROXY names', async () => {
    const proxy = await proxyTo(1)
    const env = { HTTP_PROXY: proxy.url, NO_PROXY: 'other.test,127.0.0.1' }
    expect(await sendFrom(env, github.url)).toMatchObject({ status: 204 })
    expect(proxy.asked).toEqual([])
  })

  it('says that the proxy refuses, without its password', async () => {
    const proxy = await proxyTo(await startTls(github), 'user:right-password')
    const env = { HTTPS_PROXY: proxy.url.replace('//', '//user:wrong-password@') }
    const result = await sendFrom(env, 'https://github.test')
    expect(result).toMatchObject({ class: 'ambiguous', status: null })
    expect(result.message).toMatch(/forward proxy.*nothing was dispatched/)
    expect(JSON.stringify(result)).not.toContain('wrong-password')
  })

  it('says which setting is missing for an unknown certificate', async () => {
    const proxy = await proxyTo(await startTls(github))
    const result = await sendFrom({ HTTPS_PROXY: proxy.url }, 'https://github.test')
    expect(result.message).toMatch(/certificate.*nothing was dispatched/)
    expect(result.fix).toContain('NODE_EXTRA_CA_CERTS')
  })
})
