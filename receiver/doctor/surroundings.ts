import { accessSync, constants, existsSync, statfsSync } from 'node:fs'
import { connect } from 'node:net'
import { dirname, resolve } from 'node:path'
import type { Environment } from '../config/environment/environment.ts'
import type { Config } from '../config/config.ts'
import { advice, fault, type Finding } from './finding.ts'

/** How long a database may take to take a connection, in ms. */
const CONNECT_MS = 5_000
/** What a store needs to go on for a while, in bytes. */
const LEAST_FREE = 256 * 1024 * 1024
const LOCAL = /^(localhost|127\.|\[::1\])/

/** Returns what the environment alone shows, at no cost: what the receiver looks at when it starts. */
export function examineEnvironment(
  {
    public_url,
    trust_proxy,
    database_url,
    secrets_key,
  }: Pick<Environment, 'public_url' | 'trust_proxy' | 'database_url' | 'secrets_key'>,
  { automations, sources }: Pick<Config, 'automations' | 'sources'>,
): Finding[] {
  const findings: Finding[] = []
  if (
    public_url !== null &&
    new URL(public_url).protocol === 'http:' &&
    !LOCAL.test(new URL(public_url).host)
  )
    findings.push(
      fault(
        'PUBLIC_URL',
        'It begins with http://: tokens and signed bodies would travel in the clear.',
        'Put a reverse proxy with a certificate in front, and write https://.',
      ),
    )
  if (public_url?.startsWith('https:') && trust_proxy.length === 0)
    findings.push(
      advice(
        'TRUST_PROXY',
        'It is not set, and PUBLIC_URL is https: a proxy stands in front, and all clients have its address.',
        "Set it to the proxy's address, so that the audit log and the count of wrong tokens tell clients apart.",
      ),
    )
  if (database_url !== null && secrets_key === null)
    findings.push(
      advice(
        'SECRETS_KEY',
        'It is not set: no secret can be stored in PostgreSQL.',
        'Make one, the same for all replicas: openssl rand -base64 32',
      ),
    )
  for (const { name, insecure } of sources.values())
    if (insecure)
      findings.push(
        advice(
          `sources.${name}`,
          'It takes requests that nobody has signed.',
          'Give it `secrets`, and remove `insecure`.',
        ),
      )
  if (automations.length > 0 && automations.every(({ status }) => status !== 'active'))
    findings.push(
      fault(
        'automations',
        'None of them is active: no event starts anything.',
        'Set `status: active` where events count.',
      ),
    )
  return findings
}

/** Returns whether the store can be reached, without opening or changing it. */
export async function examineStore({
  database_url,
  data_dir,
}: Pick<Environment, 'database_url' | 'data_dir'>): Promise<Finding[]> {
  if (database_url !== null) return await examineDatabase(new URL(database_url))
  let folder = resolve(data_dir)
  while (!existsSync(folder)) folder = dirname(folder)
  try {
    accessSync(folder, constants.W_OK | constants.X_OK)
  } catch {
    return [
      fault(
        'DATA_DIR',
        `${folder} cannot be written to by this user.`,
        'Set DATA_DIR to a folder of its own on a durable disk, or change its owner.',
      ),
    ]
  }
  const { bavail, bsize } = statfsSync(folder)
  if (bavail * bsize >= LEAST_FREE) return []
  const left = Math.round((bavail * bsize) / 1024 / 1024)
  return [
    fault(
      'DATA_DIR',
      `Only ${left} MiB are free in ${folder}.`,
      'Free some, or move DATA_DIR to a larger disk.',
    ),
  ]
}

async function examineDatabase({ hostname, port }: URL): Promise<Finding[]> {
  // A socket's folder stands in the query of the URL: there is nothing to connect to by name.
  if (hostname === '') return []
  const reason = await connectTo(hostname.replace(/^\[|\]$/g, ''), Number(port || 5432))
  if (reason === null) return []
  const fix = 'Check host and port of DATABASE_URL, that the server runs, and firewalls.'
  return [fault('DATABASE_URL', `The database at ${hostname} cannot be reached (${reason}).`, fix)]
}

async function connectTo(host: string, port: number): Promise<string | null> {
  return await new Promise((done) => {
    const socket = connect({ host, port, timeout: CONNECT_MS })
    const end = (reason: string | null) => {
      socket.destroy()
      done(reason)
    }
    socket.on('connect', () => end(null))
    socket.on('timeout', () => end('no answer'))
    socket.on('error', (error: NodeJS.ErrnoException) => end(error.code ?? error.message))
  })
}

/** Returns whether our own address leads to a receiver: anything else there means that registries do not reach us. */
export async function examinePublicUrl(public_url: string | null): Promise<Finding[]> {
  if (public_url === null)
    return [
      advice(
        'PUBLIC_URL',
        'It is not set: links and the URLs to paste are not whole.',
        'Set it to the address that registries use.',
      ),
    ]
  const fix = 'Check DNS, the certificate and the reverse proxy, and that the receiver runs.'
  try {
    const response = await fetch(`${public_url}/healthz`, {
      redirect: 'manual',
      signal: AbortSignal.timeout(CONNECT_MS),
    })
    const text = await response.text()
    if (response.status === 200 && text.includes('"status":"ok"')) return []
    return [
      fault('PUBLIC_URL', `${public_url}/healthz answers ${response.status}, and not as a receiver.`, fix),
    ]
  } catch (error) {
    const { cause, message } = error as Error
    const { code = message } = (cause ?? {}) as { code?: string }
    return [fault('PUBLIC_URL', `No answer from ${public_url} (${code}).`, fix)]
  }
}
