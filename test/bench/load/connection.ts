import { connect } from 'node:net'

/** A kept-alive HTTP connection that has one request under way at a time and reads no more than it must. */
export interface Connection {
  /** Sends a whole HTTP request as it is. */
  send(request: Buffer): void
  close(): void
}

const END_OF_HEAD = '\r\n\r\n'
const END_OF_CHUNKS = '0\r\n\r\n'

/** Opens one to a port of 127.0.0.1. `onBroken`: it ended from the other side. */
export function openConnection(
  port: number,
  onAnswer: (connection: Connection, status: number) => void,
  onBroken: () => void,
): Promise<Connection> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true })
    const connection: Connection = {
      send: (request) => socket.write(request),
      close() {
        socket.removeListener('close', onBroken)
        socket.destroy()
      },
    }
    let text = ''
    socket.setEncoding('latin1')
    socket.on('data', (part: string) => {
      text += part
      if (!isWhole(text)) return
      const status = Number(text.slice(9, 12))
      text = ''
      onAnswer(connection, status)
    })
    socket.once('connect', () => resolve(connection))
    socket.once('error', reject)
    socket.once('close', onBroken)
  })
}

/** Whether a text is all of an HTTP answer. */
function isWhole(text: string): boolean {
  const head = text.indexOf(END_OF_HEAD)
  if (head < 0) return false
  const length = /\r\ncontent-length: *(\d+)/i.exec(text.slice(0, head))?.[1]
  if (length !== undefined) return text.length >= head + END_OF_HEAD.length + Number(length)
  return text.endsWith(END_OF_CHUNKS)
}
