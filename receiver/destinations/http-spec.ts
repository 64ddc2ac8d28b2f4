import type { z } from 'zod'
import type { Json, JsonObject } from '../../src/contract/model-event.ts'
import type { Access } from '../policy/attempt.ts'
import type { LanePolicy } from '../policy/lane.ts'
import type { Answer } from '../outbound/answer.ts'
import type { CheckContext, DeliveryInput, DestinationType, SettingsProblem } from './destination.ts'
import type { HttpAddress } from './http-address.ts'
import type { HttpAnswerRow } from './http-answers.ts'
import type { HttpValues, OwnSecrets } from './http-values.ts'

/** A delivery, with the values that its request is made from. */
export interface HttpInput<S> extends DeliveryInput<S> {
  /** The filled address. */
  url: string
  /** Whether the server has shown that it is too old for the newest form of the request. */
  older: boolean
  /** Fills templates; gives secrets, which are masked in whatever is shown. */
  values: HttpValues
}

/** A request of a destination. */
export interface HttpRequest {
  method: string
  url: string
  body: JsonObject
  /**
   * Returns the headers for the body as it is sent. Asked for real requests only: secrets and signatures belong here.
   * @param now Unix time in ms.
   */
  headers(body: string, now: number): Record<string, string>
}

/** A question to the server that changes nothing. */
export interface AccessRequest {
  method: 'GET' | 'POST'
  url: string
  /** JSON text; null for none. */
  body: string | null
  headers: Record<string, string>
  /** Returns whether this 2xx answer says that the request would be taken, with a sentence on it. */
  read(answer: Answer): Pick<Access, 'allowed' | 'message' | 'fix'>
}

/**
 * A destination that sends one HTTP request with a JSON body to a user's server.
 *
 * @example
 * ```ts
 * import { z } from 'zod'
 * import { httpDestination } from '../../receiver/destinations/http-destination.ts'
 * import { secretText } from '../../receiver/secrets/settings.ts'
 *
 * export const pager = httpDestination({
 *   type: 'pager',
 *   title: 'Pager',
 *   order: 'none',
 *   settings: z.strictObject({
 *     type: z.literal('pager'),
 *     base_url: z.string().describe('Where the pager service is.'),
 *     key: secretText('The key of the pager service.'),
 *     text: z.string().default('${event.title}').describe('What the page says: a template.'),
 *   }),
 *   example: { type: 'pager', base_url: 'https://pager.example.com/', key: '${env:PAGER_KEY}', text: '${event.title}' },
 *   guide: 'Make a key under Settings > Integrations, and put it into `PAGER_KEY`.',
 *   address: ({ base_url }) => ({ key: 'base_url', text: base_url }),
 *   templates: ({ text }) => ({ text }),
 *   policy: { concurrency: 1, interval_ms: 1_000 },
 *   request: ({ settings: { key, text }, url, values }) => ({
 *     method: 'POST',
 *     url: new URL('v1/pages', url).href,
 *     body: { text: values.text(text, { path: 'text' }) },
 *     headers: () => ({ authorization: `Bearer ${values.text(key, { path: 'key' })}` }),
 *   }),
 *   answers: [
 *     {
 *       id: 'asleep',
 *       applies: ({ status }) => status === 422,
 *       class: 'permanent',
 *       message: () => 'Nobody is on call.',
 *       fix: () => 'Put somebody on call, then redeliver.',
 *     },
 *   ],
 * })
 * ```
 */
export interface HttpDestination<S> extends Pick<
  DestinationType<S>,
  'type' | 'title' | 'order' | 'example' | 'guide'
> {
  settings: z.ZodType<S>
  /** Where requests go; their host must be this one's. */
  address(settings: S): HttpAddress
  /** The settings that are templates, by key. The address is checked besides. */
  templates?(settings: S): Readonly<Record<string, Json>>
  /** Names that stand for secret settings of this destination in its templates, e.g. `ACCESS_TOKEN`. */
  own_secrets?(settings: S): OwnSecrets
  /** Returns further issues of the settings. */
  check?(settings: S, context: CheckContext): SettingsProblem[]
  /** How much of its path may be seen where the whole address is a secret. Default: nothing. */
  shown?: (url: URL) => string
  /** The name of the target beside its address, e.g. the number of a job. */
  label?(settings: S): string
  /** The deliveries that one limit counts together. Default: the single URL; `host`: everything on that host. */
  limited_by?: 'url' | 'host'
  policy: LanePolicy
  /** Whether the server's certificate must be valid. Default: yes. */
  verify_tls?(settings: S): boolean
  /**
   * Makes the request.
   * @throws RenderError where the event cannot be turned into one; SecretUnavailable.
   */
  request(input: HttpInput<S>): HttpRequest
  /**
   * Makes the question whether the request would be taken, where the server can be asked.
   * @throws RenderError, SecretUnavailable
   */
  access?(input: HttpInput<S>): AccessRequest
  /**
   * Whether this answer shows that the server is too old for the request and has done nothing: the request is then made
   * once more, with `input.older` true, in the same attempt.
   */
  is_too_old?(answer: Answer): boolean
  /** The answers with a meaning of their own: their rows come before `COMMON_ANSWERS`. */
  answers: readonly HttpAnswerRow[]
}
