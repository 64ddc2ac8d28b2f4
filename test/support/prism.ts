import {
  createInstance,
  getHttpOperationsFromSpec,
  type IHttpResponse,
  type PrismHttpComponents,
} from '@stoplight/prism-http'
import { join } from 'node:path'

/** An answer of the management API, and to what request. */
export interface SeenAnswer {
  method: string
  /** The path and the query. */
  path: string
  status: number
  headers: Record<string, string>
  /** As JSON where it is sent as such, else as text; undefined where there is none. */
  body?: unknown
}

/** Prism's verdict on an answer. */
export interface Verdict {
  /** The operation that it belongs to; null where the document has none. */
  operation: string | null
  /** In what it differs from the document: empty where it does not. */
  differences: string[]
}

type Method = 'get' | 'put' | 'post' | 'patch' | 'delete'

const DOCUMENT = join(import.meta.dirname, '..', '..', 'schemas', 'openapi.json')

/**
 * Returns Prism, as `prism proxy schemas/openapi.json` works, but for two things: it is handed each answer instead of
 * fetching it, so that requests arrive byte for byte as tests send them; and it lets bad requests through, which the
 * proxy would answer itself.
 */
export async function loadPrism(): Promise<(seen: SeenAnswer) => Promise<Verdict>> {
  const operations = await getHttpOperationsFromSpec(DOCUMENT)
  const silent = { info: nothing, warn: nothing, error: nothing, debug: nothing, trace: nothing }
  const logger = { ...silent, child: () => logger } as unknown as PrismHttpComponents['logger']
  return async ({ method, path, status, headers, body }) => {
    const found: { operation: string | null } = { operation: null }
    const answer: IHttpResponse = { statusCode: status, headers, body }
    const forward: PrismHttpComponents['forward'] = (_input, _base, _proxy, resource) => () => {
      found.operation = resource?.iid ?? null
      return () => Promise.resolve({ _tag: 'Right', right: answer })
    }
    const prism = createInstance(PROXY, { logger, forward })
    const url = { path: path.split('?')[0] ?? '' }
    const done = await prism.request({ method: method.toLowerCase() as Method, url }, operations)()
    const { operation } = found
    if (done._tag === 'Left') return { operation, differences: [done.left.message] }
    const { output } = done.right.validations
    return { operation, differences: output.map(({ message }) => message) }
  }
}

const nothing = () => undefined

const PROXY = {
  ...{
    isProxy: true as const,
    upstream: new URL('http://127.0.0.1/'),
    upstreamProxy: undefined,
    errors: true,
  },
  ...{ checkSecurity: false, validateRequest: false, validateResponse: true, mock: { dynamic: false } },
}
