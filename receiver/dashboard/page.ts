import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import express, { Router, type Response } from 'express'

/** Where `npm run build:dashboard` puts the page. */
const BUILT = fileURLToPath(new URL('../../dashboard/dist/', import.meta.url))

const MISSING =
  'The dashboard has not been built. Run `npm run build:dashboard` (npm ci does it by itself, unless scripts or ' +
  'development packages are left out), and reload. The API works without it.\n'

/**
 * The browser's rights on the page: to load its own files, to call its own API, and nothing else. No script or style can
 * come from a payload, and no other site can show the page in a frame.
 */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

/** Returns the routes of the dashboard: static files, from `folder`, that know nothing of what is stored. */
export function pageRouter(folder = BUILT): Router {
  const router = Router({ caseSensitive: true })
  const setHeaders = (response: Response, path: string) => {
    protect(response)
    const lasts = path.includes('/assets/')
    // The names of assets change with what is in them; the page itself names the newest.
    response.setHeader('Cache-Control', lasts ? 'public, max-age=31536000, immutable' : 'no-cache')
  }
  router.get('/', (_request, response, next) => {
    if (existsSync(folder)) {
      next()
      return
    }
    protect(response)
    response.status(503).type('text/plain').send(MISSING)
  })
  router.use(express.static(folder, { setHeaders, redirect: false, dotfiles: 'ignore', fallthrough: true }))
  return router
}

function protect(response: Response): void {
  response.setHeader('Content-Security-Policy', POLICY)
  response.setHeader('X-Content-Type-Options', 'nosniff')
  response.setHeader('Referrer-Policy', 'no-referrer')
  response.setHeader('Cross-Origin-Opener-Policy', 'same-origin')
}
