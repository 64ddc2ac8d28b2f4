import type { RequestListener, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

/** How much strangers can make a server hold at once. */
export interface Room {
  /** The most requests of one connection that may wait for their answers. Hardly any sender asks ahead at all. */
  ahead: number
  /** The most requests that may wait for their answers in all: no fewer than events may wait for the store. */
  requests: number
  /** The most connections. */
  connections: number
}

/** The most that a server holds unless it is told otherwise: in all at most some 200 MB. */
export const ROOM: Room = { ahead: 16, requests: 20_000, connections: 20_000 }

/** Hears why something was turned away. */
export type OnCrowded = (reason: string) => void

const BUSY = JSON.stringify({
  status: 'unavailable',
  error: 'busy',
  message: 'Too many requests are being answered. Nothing was stored. Send it again later.',
})

/**
 * Returns `handler` for as many requests as there is room for. A connection with more requests than `ahead` is cut: each
 * of them costs several KB until those before it are answered, and one packet can bring a thousand. Where the whole
 * server has no room left, a request is answered with 503 before anything of it is looked at.
 */
export function withRoom(handler: RequestListener, room: Room, onCrowded: OnCrowded): RequestListener {
  const waiting = new WeakMap<Socket, number>()
  let all = 0
  return (request, response) => {
    const { socket } = request
    if (socket.destroyed) return
    const before = waiting.get(socket) ?? 0
    if (before >= room.ahead) {
      onCrowded(`a connection had ${room.ahead} requests without an answer and sent more`)
      socket.destroy()
    } else if (all >= room.requests) {
      onCrowded(`${room.requests} requests are without an answer`)
      answerBusy(response)
    } else {
      waiting.set(socket, before + 1)
      all += 1
      response.once('close', () => {
        waiting.set(socket, (waiting.get(socket) ?? 1) - 1)
        all -= 1
      })
      handler(request, response)
    }
  }
}

function answerBusy(response: ServerResponse): void {
  response.writeHead(503, { 'content-type': 'application/json', 'retry-after': '30', connection: 'close' })
  response.end(BUSY)
}
