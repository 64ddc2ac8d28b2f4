import { createServer, request as httpRequest, type IncomingHttpHeaders } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import type { SeenAnswer, Verdict } from './prism.ts'

/** Where Prism listens while tests run: set for every test file, and for nothing else that uses `request`. */
const VARIABLE = 'TESTS_PRISM_URL'

/**
 * Starts the one Prism of a run of tests. Prism is read when the first answer comes, since most runs of single files have none.
 */
export async function startJudge(): Promise<() => Promise<void>> {
  let prism: Promise<(seen: SeenAnswer) => Promise<Verdict>> | null = null
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      prism ??= import('./prism.ts').then(({ loadPrism }) => loadPrism())
      void prism
        .then((judge) => judge(JSON.parse(Buffer.concat(chunks).toString()) as SeenAnswer))
        .catch((error: unknown): Verdict => ({ operation: null, differences: [String(error)] }))
        .then((verdict) => response.end(JSON.stringify(verdict)))
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  process.env[VARIABLE] = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  return async () => {
    server.close()
    server.closeAllConnections()
    await once(server, 'close')
  }
}

/** An answer as it was read. */
export interface ReadAnswer {
  status: number
  headers: IncomingHttpHeaders
  text: string
}

/**
 * Compares an answer of the management API with `schemas/openapi.json`; answers of anything else pass.
 * @throws Error that names every difference.
 */
export async function judgeAnswer(url: string, method: string, answer: ReadAnswer): Promise<void> {
  const judge = process.env[VARIABLE]
  const path = pathOf(url)
  if (judge === undefined || !path.startsWith('/api/v1/') || method === 'HEAD') return
  // A proxy in front names itself, and may answer in its own way.
  if (answer.headers.server !== undefined) return
  const { operation, differences } = await ask(judge, seenAnswer(path, method, answer))
  // A path that the document does not have may be refused.
  if (operation === null && [401, 404, 429].includes(answer.status)) return
  if (differences.length === 0) return
  throw new Error(
    [
      `${method} ${path} -> ${answer.status} differs from schemas/openapi.json:`,
      ...differences,
      answer.text.slice(0, 500),
    ].join('\n'),
  )
}

/** Returns what Prism makes of an answer. */
export async function verdictOn(url: string, method: string, answer: ReadAnswer): Promise<Verdict> {
  const judge = process.env[VARIABLE]
  if (judge === undefined) throw new Error('Prism runs in vitest alone.')
  return await ask(judge, seenAnswer(pathOf(url), method, answer))
}

const pathOf = (url: string) => url.replace(/^\w+:\/\/[^/]*/, '')

function seenAnswer(path: string, method: string, { status, headers, text }: ReadAnswer): SeenAnswer {
  const named = Object.entries(headers).map(([name, value]) => [name, String(value)])
  const seen = { method, path, status, headers: Object.fromEntries(named) as Record<string, string> }
  const { 'content-type': type } = headers
  if (type === undefined) return text === '' ? seen : { ...seen, body: text }
  const is_json = /^application\/(problem\+)?json/.test(type)
  return { ...seen, body: is_json ? (JSON.parse(text) as unknown) : text }
}

function ask(judge: string, seen: SeenAnswer): Promise<Verdict> {
  return new Promise((resolve, reject) => {
    const sent = httpRequest(judge, { method: 'POST', agent: false }, (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
      response.on('error', reject)
      response.on('end', () => {
        resolve(JSON.parse(text) as Verdict)
      })
    })
    sent.on('error', reject)
    sent.end(JSON.stringify(seen))
  })
}
