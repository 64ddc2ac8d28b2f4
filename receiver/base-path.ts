import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'

/**
 * Returns the handler that also answers under a base path, the path of PUBLIC_URL: behind a proxy that passes the path
 * on as it came as well as behind one that takes it away, and for probes that know nothing of it. The page itself needs a
 * slash at the end, since its files are beside it.
 */
export function underBasePath(handler: RequestListener, base: string): RequestListener {
  if (base === '') return handler
  return (request, response) => {
    const { url = '/' } = request
    if (url.startsWith(`${base}/`)) request.url = url.slice(base.length)
    else if (url === base || url.startsWith(`${base}?`)) {
      redirect(request, response, `${base}/${url.slice(base.length)}`)
      return
    }
    handler(request, response)
  }
}

function redirect(request: IncomingMessage, response: ServerResponse, location: string): void {
  // Nothing is sent here; what a body holds is not read.
  request.resume()
  response.writeHead(308, { Location: location, 'Content-Length': '0' }).end()
}
