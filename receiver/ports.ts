import type { Apps } from './app.ts'
import type { ListenAddress } from './config/environment/listen-address.ts'
import type { OnCrowded } from './crowd.ts'
import { listen, type Listening } from './listen.ts'

/** Where a receiver listens. */
export interface Ports extends ListenAddress {
  /** Where the dashboard, the API and the metrics answer. Default: on the same port as all else. */
  admin?: ListenAddress | null
  /** Hears of what there was no room for. */
  onCrowded: OnCrowded
}

/** The servers of a receiver: one, or two. */
export interface ListeningPorts extends Listening {
  /** Where the dashboard and the API answer. */
  admin_url: string
}

const ADMIN = { port: 'ADMIN_PORT', host: 'ADMIN_HOST' } as const

/** Starts a server for each port, or none. Rejects with Node.js's error where one cannot listen. */
export async function listenOn(
  { main, admin }: Apps,
  { admin: place, ...own }: Ports,
): Promise<ListeningPorts> {
  const { host, port, onCrowded } = own
  const inside =
    admin === null || place == null ? null : await listen(admin, { ...place, onCrowded, variables: ADMIN })
  const open = await listen(main, { host, port, onCrowded }).catch(async (error: unknown) => {
    await inside?.close(() => Promise.resolve())
    throw error
  })
  const servers = inside === null ? [open] : [open, inside]
  return {
    url: open.url,
    admin_url: (inside ?? open).url,
    drain() {
      for (const server of servers) server.drain()
    },
    async close(answered) {
      await Promise.all(servers.map((server) => server.close(answered)))
    },
  }
}
