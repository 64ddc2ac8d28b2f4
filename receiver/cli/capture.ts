import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { listenAddressOf } from '../config/environment/listen-address.ts'
import { createReader } from '../config/environment/reader.ts'
import { createContentReader } from '../config/content.ts'
import { tellsSecret } from '../secrets/secret-names.ts'
import type { Command, CommandArguments } from './command.ts'
import { CommandError } from './command-error.ts'
import { EXIT, type ExitCode } from './exit-codes.ts'
import { textOption } from './options.ts'
import { jsonOr } from './read-input.ts'
import { decoded, withoutCredentials, type Recorded } from './without-credentials.ts'

/** The most that a body may have, in bytes. */
const BODY_LIMIT = 1024 * 1024

/** `capture`: the next webhook, kept as a fixture. */
export const command: Command = {
  summary: 'Record the next webhook that comes as a fixture, without credentials.',
  usage: 'capture --out FILE',
  help: `Listens on HOST and PORT in place of the receiver, answers the first POST with 202 and ends. FILE gets method, path, query,
headers and body as JSON. The value of every header, parameter, form field and field of the body whose name tells of a
credential is left out, signatures too; so is whatever looks like a token of GitHub or a JWT, and the value of every variable
of this process whose name tells of a credential. A file that exists is never overwritten.

  --out FILE  Where the fixture goes.

Example:
  PORT=8080 npm run cli -- capture --out registry.json`,
  options: { out: { type: 'string' } },
  most_words: 0,
  run: capture,
}

async function capture({ options }: CommandArguments): Promise<ExitCode> {
  const out = textOption(options, 'out')
  if (out === null) throw new CommandError('--out is missing.', 'Say where the fixture goes: --out FILE.')
  if (existsSync(out)) throw new CommandError(`${out} exists already.`, 'Name another file, or move it away.')
  const { host, port } = listenAddressOf(createReader(process.env, [], createContentReader()))
  const recorded = withoutCredentials(await nextRequest(host, port), secretsOf(process.env))
  try {
    writeFileSync(out, `${JSON.stringify(recorded, null, 2)}\n`, { flag: 'wx' })
  } catch (error) {
    const { code } = error as { code?: string }
    throw new CommandError(
      `${out} cannot be written (${code ?? 'unknown'}).`,
      'Name a file in a directory that you may write to.',
    )
  }
  console.log(`Wrote ${out}. Look through it before you pass it on.`)
  return EXIT.ok
}

async function nextRequest(host: string, port: number): Promise<Recorded> {
  const { promise, resolve, reject } = Promise.withResolvers<Recorded>()
  const server = createServer((request, response) => {
    if (request.method !== 'POST') {
      response.writeHead(200).end('capture waits for a POST\n')
      return
    }
    read(request).then(
      (recorded) => response.writeHead(202).end('{"status":"captured"}', () => resolve(recorded)),
      () => response.writeHead(413).end(),
    )
  })
  server.on('error', reject)
  server.listen(port, host, () => {
    console.log(`Waiting for a webhook on http://${host}:${(server.address() as AddressInfo).port}`)
  })
  const recorded = await promise
  server.close()
  return recorded
}

async function read(request: IncomingMessage): Promise<Recorded> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > BODY_LIMIT) throw new Error('The body is too large.')
    chunks.push(chunk)
  }
  const url = new URL(request.url ?? '/', 'http://receiver')
  return {
    method: request.method ?? 'POST',
    path: url.pathname,
    query: Object.fromEntries(url.searchParams),
    headers: Object.fromEntries(
      Object.entries(request.headers).map(([name, value]) => [name, String(value)]),
    ),
    body: jsonOr(Buffer.concat(chunks).toString()),
  }
}

/** Values of this process, and of the files it names, that no fixture may hold; short ones would take words out. */
function secretsOf(env: Readonly<Record<string, string | undefined>>): string[] {
  const values = Object.entries(env).flatMap(([name, value = '']) => {
    if (!tellsSecret(name)) return passwordOf(value)
    return name.endsWith('_FILE') ? contentOf(value) : [value]
  })
  return values.map((value) => value.trim()).filter((value) => value.length >= 8)
}

function passwordOf(value: string): string[] {
  if (!value.includes('@') || !URL.canParse(value)) return []
  const { password } = new URL(value)
  return [password, decoded(password)]
}

function contentOf(path: string): string[] {
  try {
    return [readFileSync(path, 'utf8')]
  } catch {
    return []
  }
}
