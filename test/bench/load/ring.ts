import { createHmac } from 'node:crypto'
import { writeFileSync } from 'node:fs'

/** The secret that every measured server checks signatures with. */
export const SECRET = 'signing-secret-of-the-benchmark'

/** Requests in one ring: more than a server that must tell repeats apart answers in one measurement. */
export const RING = 80_000

/** How a server wants its requests: the path and the headers that its own scheme asks for. */
export interface Scheme {
  path: string
  headers: (signature: Buffer) => string
}

/** W&B's own header, in base64. */
export const wandbScheme = (path: string): Scheme => ({
  path,
  headers: (signature) => `X-Wandb-Signature: ${signature.toString('base64')}\r\n`,
})

/** GitHub's header, in hex. */
export const githubScheme = (path: string): Scheme => ({
  path,
  headers: (signature) =>
    `X-GitHub-Event: ping\r\nX-GitHub-Delivery: 72d3162e-cc78-11e3-81ab-4c9367dc0958\r\nX-Hub-Signature-256: sha256=${signature.toString('hex')}\r\n`,
})

let rings = 0

/** What a ring is to hold, where it is not the usual. */
export interface RingOptions {
  count?: number
  /** Names the n-th model of a ring. */
  name?: (ring: number, n: number) => string
}

/**
 * Makes whole signed HTTP requests. Every request is about another model, and no two rings of a process have one in
 * common: none is ever a repeat.
 */
export function makeRing({ path, headers }: Scheme, options: RingOptions = {}): Buffer[] {
  const { count = RING, name = (number, n) => `model-${number}-${n}` } = options
  const ring = ++rings
  return Array.from({ length: count }, (_, n) => {
    const body = Buffer.from(JSON.stringify(promotion(name(ring, n))))
    const signature = createHmac('sha256', SECRET).update(body).digest()
    const head = `POST ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n${headers(signature)}Content-Length: ${body.length}\r\n\r\n`
    return Buffer.concat([Buffer.from(head), body])
  })
}

/** Writes the requests of a new ring to a file, each behind a line with its length in bytes. */
export function writeRing(file: string, scheme: Scheme, options: RingOptions = {}): void {
  const chunks = makeRing(scheme, options).flatMap((request) => [Buffer.from(`${request.length}\n`), request])
  writeFileSync(file, Buffer.concat(chunks))
}

/** The requests of a ring's file. */
export function readRing(content: Buffer): Buffer[] {
  const requests: Buffer[] = []
  for (let at = 0; at < content.length;) {
    const line = content.indexOf(10, at)
    const end = line + 1 + Number(content.toString('latin1', at, line))
    requests.push(content.subarray(line + 1, end))
    at = end
  }
  return requests
}

/** What W&B sends for the payload that the README says to paste: the model becomes `production`. */
export function promotion(model: string): Record<string, string> {
  return {
    event_type: 'ADD_ARTIFACT_ALIAS',
    event_author: 'jane',
    alias: 'production',
    tag: '',
    artifact_version: 'wandb-artifact://_id/QXJ0aWZhY3Q6NTE3ODg5ODg3',
    artifact_version_string: `my-team/wandb-registry-model/${model}:production`,
    artifact_version_index: '3',
    artifact_collection_name: model,
    project_name: 'wandb-registry-model',
    entity_name: 'my-team',
  }
}
