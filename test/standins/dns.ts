import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { Resolver } from 'node:dns/promises'
import { isIP } from 'node:net'
import dnsPacket from 'dns-packet'
import type { Resolve } from '../../receiver/outbound/guard.ts'

/** A DNS server on loopback whose answers can be changed while it runs. */
export interface StandInDns {
  /** What each name resolves to; a name that is not here does not exist. */
  names: Map<string, string[]>
  /** The names that were asked for, each once per question. */
  asked: string[]
  /** The UDP port that it listens on. */
  port: number
  /** Asks this server over UDP, as the receiver asks the system's resolver. */
  resolve: Resolve
  close(): void
}

/** Starts a DNS server that answers A and AAAA questions, with a time to live of 0. */
export async function startDns(names: Record<string, string[]> = {}): Promise<StandInDns> {
  const known = new Map(Object.entries(names))
  const asked: string[] = []
  const socket = createSocket('udp4', (message, { port, address }) => {
    const { id, questions = [] } = dnsPacket.decode(message)
    const [question] = questions
    if (question === undefined) return
    const name = question.name.toLowerCase()
    asked.push(name)
    const family = question.type === 'AAAA' ? 6 : 4
    const answers = (known.get(name) ?? [])
      .filter((data) => isIP(data) === family)
      .map((data) => ({ type: family === 6 ? 'AAAA' : 'A', name, ttl: 0, data }) as const)
    const rcode = known.has(name) ? 0 : 3
    socket.send(dnsPacket.encode({ type: 'response', id, flags: rcode, questions, answers }), port, address)
  })
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  const resolver = new Resolver()
  resolver.setServers([`127.0.0.1:${socket.address().port}`])
  return {
    names: known,
    asked,
    port: socket.address().port,
    close: () => void socket.close(),
    async resolve(name) {
      const [four, six] = await Promise.allSettled([resolver.resolve4(name), resolver.resolve6(name)])
      const found = [
        ...(four.status === 'fulfilled'
          ? four.value.map((address) => ({ address, family: 4 as const }))
          : []),
        ...(six.status === 'fulfilled' ? six.value.map((address) => ({ address, family: 6 as const })) : []),
      ]
      if (found.length === 0 && four.status === 'rejected') throw four.reason
      return found
    },
  }
}
