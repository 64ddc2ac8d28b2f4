import { z } from 'zod'
import { readEnvironment } from '../../receiver/config/environment/environment.ts'
import { loadConfig, type LoadedConfig, type LoadOptions } from '../../receiver/config/load.ts'
import type { TypeTables } from '../../receiver/config/schema.ts'
import type { DestinationType } from '../../receiver/destinations/destination.ts'
import { repositoryParts } from '../../receiver/destinations/github-repository.ts'
import { secretText, secretUrl } from '../../receiver/secrets/settings.ts'
import { sourceType } from '../../receiver/sources/source.ts'

/** A registry that nobody has: what the configuration knows of it comes from here alone. */
const toyRegistry = sourceType({
  type: 'toy',
  title: 'Toy Registry',
  settings: {
    colour: z.enum(['red', 'blue']).default('red').describe('A setting of its own.'),
    lookup: z
      .strictObject({ api_key: secretText('A key of its own.') })
      .optional()
      .describe('A group of its own.'),
  },
  credentials: ['secrets', 'access_token'],
  events: { TOY_MADE: 'version.created', TOY_NAMED: 'alias.added', TOY_TAGGED: 'tag.added' },
  connect: () => ({ verify: () => ({ ok: true, secret: null }), parse: () => [] }),
  samples: {},
  setup: '',
})

const sendsNothing = () => {
  throw new Error('a toy sends nothing')
}

/** A destination that starts something at GitHub. */
const toyRun: DestinationType = {
  type: 'toy_run',
  title: 'Toy run',
  settings: z.strictObject({
    type: z.literal('toy_run').describe('Starts a toy.'),
    connection: z.string().default('main').describe('The connection.'),
    repository: z.string().describe('owner/name.'),
    speed: z.number().default(1).describe('How fast.'),
  }),
  order: 'strict',
  example: { type: 'toy_run', repository: 'acme/toys' },
  guide: '',
  answers: [],
  check(settings) {
    const { speed } = settings as { speed: number }
    return speed > 9 ? [{ path: ['speed'], message: 'nothing is that fast', fix: 'Use 9 at most.' }] : []
  },
  repository(settings) {
    const { connection, repository } = settings as { connection: string; repository: string }
    return { connection, ...repositoryParts(repository) }
  },
  connect: sendsNothing,
}

/** A destination that only tells somebody. */
const toyNote: DestinationType = {
  type: 'toy_note',
  title: 'Toy note',
  settings: z.strictObject({
    type: z.literal('toy_note').describe('Tells somebody.'),
    text: z.string().default('').describe('What.'),
    token: secretText('A secret of a destination.').optional(),
    address: secretUrl('An address that is a secret.').optional(),
  }),
  order: 'none',
  example: { type: 'toy_note', text: 'hello', token: '${env:TOY_SECRET}' },
  guide: '',
  answers: [],
  check: () => [],
  connect: sendsNothing,
}

export const TOYS: TypeTables = {
  sources: new Map([[toyRegistry.type, toyRegistry]]),
  destinations: new Map([toyRun, toyNote].map((type) => [type.type, type])),
}

/** Loads a configuration of toys; `env` is both the environment and what `${env:}` sees. */
export function loadToys(
  path: string,
  env: Record<string, string> = { GITHUB_TOKEN: 'a-token', TOY_SECRET: 'a-secret-of-the-toys' },
  more: Partial<LoadOptions> = {},
): LoadedConfig {
  return loadConfig({ path, env, environment: readEnvironment(env), ...TOYS, ...more })
}
