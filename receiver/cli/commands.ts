import type { Command } from './command.ts'

/** The command that runs when none is named. */
export const DEFAULT_COMMAND = 'serve'

/**
 * Every command, by name. Each is loaded only when it runs: `healthcheck` runs every few seconds in a container and
 * needs nothing of what `serve` is made of.
 */
export const COMMANDS: ReadonlyMap<string, () => Promise<Command>> = new Map([
  ['serve', async () => (await import('./serve.ts')).command],
  ['init', async () => (await import('./init.ts')).command],
  ['check', async () => (await import('./check.ts')).command],
  ['doctor', async () => (await import('./doctor.ts')).command],
  ['send', async () => (await import('./send.ts')).command],
  ['explain', async () => (await import('./explain.ts')).command],
  ['replay', async () => (await import('./replay.ts')).command],
  ['redeliver', async () => (await import('./redeliver.ts')).command],
  ['capture', async () => (await import('./capture.ts')).command],
  ['healthcheck', async () => (await import('./healthcheck.ts')).command],
])
