import type { Environment } from '../config/environment/environment.ts'
import { boundedFetch } from '../outbound/bounded-fetch.ts'
import type { Config } from '../config/config.ts'
import { advice, fault, type Finding } from './finding.ts'

/** How long our own address may take to answer, in ms. */
const ANSWER_MS = 5_000
/** The most that is read of what answers there, in bytes. */
const MOST_READ = 64 * 1024
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
    const response = await boundedFetch(MOST_READ)(`${public_url}/healthz`, {
      ...{ method: 'GET', headers: {}, signal: AbortSignal.timeout(ANSWER_MS) },
    })
    const text = await response.text()
    if (response.status === 200 && text.includes('"status":"ok"')) return []
    return [
      fault('PUBLIC_URL', `${public_url}/healthz answers ${response.status}, and not as a receiver.`, fix),
    ]
  } catch (error) {
    const { code, message } = error as Error & { code?: string }
    return [fault('PUBLIC_URL', `No answer from ${public_url} (${code ?? message}).`, fix)]
  }
}
