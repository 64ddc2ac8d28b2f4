import type { Command } from './command.ts'
import { listenForStop } from './stop-signals.ts'

/** `serve`: the receiver. Signals are listened for before its modules are loaded. */
export const command: Command = {
  summary: 'Run the receiver until SIGTERM or SIGINT.',
  usage: 'serve',
  help: `Everything is set by environment variables and the configuration file: docs/configuration.md.

Example:
  PORT=9090 npm run cli -- serve`,
  options: {},
  most_words: 0,
  async run() {
    const stop = listenForStop()
    const { serveUntilStopped } = await import('./serve-until-stopped.ts')
    return await serveUntilStopped(stop)
  },
}
