import { createHmac, type BinaryToTextEncoding } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import type { SourceConfig } from '../../receiver/config/config.ts'
import { slipOf } from '../../receiver/ingest/slips.ts'
import { connectSources } from '../../receiver/runtime/sources.ts'
import { SOURCE_TYPES } from '../../receiver/sources/index.ts'

const source = (name: string, type: string, secret: string, settings = {}): SourceConfig => ({
  name,
  type,
  credentials: { secrets: [secret], access_token: null, authorization: null },
  insecure: false,
  allow: {},
  body_limit: 1_000,
  dedupe_ms: null,
  repeats: 'accept',
  lookup: null,
  silent_after_ms: null,
  settings: z.object(SOURCE_TYPES.get(type)?.settings ?? {}).parse(settings),
})
const CONFIGURED = [
  source('wandb', 'wandb', 'ours'),
  source('other', 'wandb', 'theirs'),
  source('shelf', 'hmac', 'ours', { signature: { header: 'X-Signature', encoding: 'base64' } }),
]
const SOURCES = connectSources(new Map(CONFIGURED.map((each) => [each.name, each])), SOURCE_TYPES)

/** The log's words about a request. */
function slip(
  signed: string,
  sent: string,
  key: string,
  {
    algorithm = 'sha256',
    header = 'x-wandb-signature',
    encoding = 'hex',
    to = 'wandb',
  }: { algorithm?: string; header?: string; encoding?: BinaryToTextEncoding; to?: string } = {},
) {
  const asked = SOURCES.get(to)
  if (asked === undefined) throw new Error('there is no source')
  const signature = createHmac(algorithm, key).update(signed).digest(encoding)
  const request = {
    body: Buffer.from(sent),
    headers: { [header]: signature },
    query: new URLSearchParams(),
    now: 0,
  }
  return slipOf(asked, request, SOURCES.values())
}

describe('a refused request', () => {
  it.each<[Parameters<typeof slip>, string | null]>([
    [['{}', '{}', 'ours\n'], 'the sender has the secret with a line break at its end'],
    [['{}\n', '{}', 'ours'], 'the sender signed the body with a line break at its end'],
    [['{}', '{}\n', 'ours'], 'the sender signed the body without the line break at its end'],
    [['{}', '{}', 'theirs'], 'the request fits the source other'],
    [
      ['{}', '{}', 'ours', { algorithm: 'sha512' }],
      'the header x-wandb-signature is an HMAC-SHA512 of the body in hex',
    ],
    [
      ['{}', '{}', 'ours', { algorithm: 'sha1', encoding: 'base64' }],
      'the header x-wandb-signature is an HMAC-SHA1 of the body in base64',
    ],
    [
      ['{}', '{}', 'ours', { to: 'shelf', header: 'x-signature' }],
      'the header x-signature is an HMAC-SHA256 of the body in hex',
    ],
    [
      ['{}', '{}', 'ours', { to: 'shelf', header: 'x-hub-signature-256' }],
      'the header x-hub-signature-256 is an HMAC-SHA256 of the body in hex',
    ],
    [
      ['{}', '{}', 'ours', { header: 'x-databricks-signature' }],
      'the header x-databricks-signature is one of a source of the type databricks',
    ],
    [['{}', '{}', 'unknown'], null],
    [['{}', '{"changed":1}', 'ours'], null],
    [['{}', '{"changed":1}', 'ours', { to: 'shelf', header: 'x-signature' }], null],
  ])('signed as in %j is told apart in the log', (parts, told) => {
    expect(slip(...parts)).toBe(told)
  })
})
