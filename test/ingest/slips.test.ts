import { createHmac } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import type { SourceConfig } from '../../receiver/config/config.ts'
import { slipOf } from '../../receiver/ingest/slips.ts'
import { connectSources } from '../../receiver/runtime/sources.ts'
import { SOURCE_TYPES } from '../../receiver/sources/index.ts'

const source = (name: string, type: string, secret: string): SourceConfig => ({
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
  settings: {},
})
const CONFIGURED = [source('wandb', 'wandb', 'ours'), source('other', 'wandb', 'theirs')]
const SOURCES = connectSources(new Map(CONFIGURED.map((each) => [each.name, each])), SOURCE_TYPES)

/** What the log is told of a request to the source `wandb`. */
function slip(
  signed: string,
  sent: string,
  key: string,
  { algorithm = 'sha256', header = 'x-wandb-signature' } = {},
) {
  const asked = SOURCES.get('wandb')
  if (asked === undefined) throw new Error('there is no source')
  const signature = createHmac(algorithm, key).update(signed).digest('hex')
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
      ['{}', '{}', 'ours', { header: 'x-databricks-signature' }],
      'the header x-databricks-signature is one of a source of the type databricks',
    ],
    [['{}', '{}', 'unknown'], null],
    [['{}', '{"changed":1}', 'ours'], null],
  ])('signed as in %j is told apart in the log', (parts, told) => {
    expect(slip(...parts)).toBe(told)
  })
})
