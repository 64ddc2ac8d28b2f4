import { z } from 'zod'
import { route, type Route } from '../route.ts'
import { time } from './schemas.ts'

const configuration = z
  .object({
    status: z.enum(['in_force', 'refused']),
    refused_at: time.nullable(),
    problems: z.array(
      z.object({
        file: z.string(),
        line: z.int().nullable(),
        key: z.string(),
        message: z.string(),
        fix: z.string(),
      }),
    ),
  })
  .meta({ id: 'Configuration' })

const getConfiguration = route({
  id: 'getConfiguration',
  method: 'get',
  path: '/configuration',
  tag: 'configuration',
  summary: 'Says whether a change of the files was refused, and why.',
  role: 'read',
  limited: 'refused',
  answers: { 200: configuration.describe('What is in force.') },
}).handle((_, { refused_config }) => {
  const { problems = [], since = null } = refused_config.now() ?? {}
  return Promise.resolve({
    status: 200,
    body: {
      status: since === null ? 'in_force' : 'refused',
      refused_at: since === null ? null : new Date(since).toISOString(),
      problems: problems.map(({ file, line, key, message, fix }) => ({ file, line, key, message, fix })),
    },
  })
})

/** The routes of the configuration. */
export const CONFIGURATION_ROUTES: readonly Route[] = [getConfiguration]
