/**
 * The global `fetch` that follows no redirect and reads no more than `limit` bytes of the answer's body. A body
 * that breaks off keeps what came: its status line has been received and decides.
 */
export function boundedFetch(limit: number): typeof fetch {
  return async (input, init) => {
    const response = await globalThis.fetch(input, { ...init, redirect: 'manual' })
    // A dispatch that GitHub takes has no body: copying its answer would cost as much as making the request.
    if (response.body === null) return response
    const body = await readAtMost(response.body, limit)
    return new Response(isBodiless(response.status) ? null : body, {
      status: response.status,
      statusText: response.statusText,
      headers: response.headers,
    })
  }
}

async function readAtMost(stream: ReadableStream<Uint8Array>, limit: number): Promise<string> {
  const reader = stream.getReader()
  const chunks: Uint8Array[] = []
  let left = limit
  try {
    while (left > 0) {
      const { done, value } = await reader.read()
      if (done) break
      chunks.push(value.subarray(0, left))
      left -= value.length
    }
    await reader.cancel()
  } catch {
    // What came before the break is kept.
  }
  return Buffer.concat(chunks).toString()
}

/** Statuses that the `Response` constructor refuses a body for (Fetch standard, null body status). */
function isBodiless(status: number): boolean {
  return [101, 103, 204, 205, 304].includes(status)
}
