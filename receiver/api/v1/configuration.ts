import { Router } from 'express'
import type { RefusedConfig } from '../../runtime/refused-config.ts'
import { paramsOf } from './query.ts'

/** Returns `GET /configuration`: whether a change of the files was refused, and why. */
export function configurationRouter(refused: Pick<RefusedConfig, 'now'>): Router {
  const router = Router({ caseSensitive: true })
  router.get('/configuration', (request, response) => {
    paramsOf(request, [])
    const { problems = [], since = null } = refused.now() ?? {}
    response.json({
      status: since === null ? 'in_force' : 'refused',
      refused_at: since === null ? null : new Date(since).toISOString(),
      problems: problems.map(({ file, line, key, message, fix }) => ({ file, line, key, message, fix })),
    })
  })
  return router
}
