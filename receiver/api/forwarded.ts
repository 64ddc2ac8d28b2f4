import type { NextFunction, Request, Response } from 'express'
import type { Log } from '../observe/log.ts'

/** How many addresses are named in the log: strangers may send the header from any number. */
const MOST = 20

/**
 * Returns a handler that says in the log, once for each address, where `X-Forwarded-For` comes from an address that
 * TRUST_PROXY does not name: the header is not believed, and all clients of that proxy count as one.
 */
export function warnOfForwarded(log: Log) {
  const told = new Set<string>()
  return (request: Request, _response: Response, next: NextFunction): void => {
    const from = request.socket.remoteAddress ?? ''
    if (request.headers['x-forwarded-for'] !== undefined && told.size < MOST && !told.has(from)) {
      const trusts = request.app.get('trust proxy fn') as (address: string, hop: number) => boolean
      if (!trusts(from, 0)) {
        told.add(from)
        log.warn({ from, fix: FIX }, 'X-Forwarded-For comes from an address that TRUST_PROXY does not name')
      }
    }
    next()
  }
}

const FIX =
  'If your reverse proxy has this address, name it in TRUST_PROXY: until then all its clients count as one, in the audit log ' +
  'and where wrong tokens are counted. Else somebody made the header up, and nothing believes it.'
