import type { Readable } from 'node:stream'

/**
 * Returns the start of a body, `limit` bytes at most; where more was to come, its connection is closed. A body that
 * breaks off keeps what came: its status line has been received and decides. Never throws.
 */
export function readAtMost(body: Readable, limit: number): Promise<string> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = []
    let left = limit
    const end = () => resolve(Buffer.concat(chunks).toString())
    body.on('data', (chunk: Buffer) => {
      chunks.push(chunk.subarray(0, left))
      left = Math.max(0, left - chunk.length)
      if (left > 0) return
      end()
      body.destroy()
    })
    for (const event of ['end', 'error', 'close']) body.on(event, end)
  })
}
