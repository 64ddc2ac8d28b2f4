import type { Command, CommandArguments } from './command.ts'
import { EXIT, type ExitCode } from './exit-codes.ts'

/** `doctor`: what stands between a webhook and its workflow. */
export const command: Command = {
  summary: 'Examine everything that a dispatch needs, and print each fault with its fix.',
  usage: 'doctor [FILE] [--json]',
  help: `Run it where the receiver runs, with its variables. FILE is its configuration; without it, MODEL_DISPATCH_CONFIG counts.

It looks at each repository that automations name: token or App, installation, permission, whether the repository has moved
or is archived, the workflow files on the default branch with their \`types\`, inputs and \`concurrency\`, and whether a
workflow is disabled. It also looks at the clock, the store (whether it can be reached and written, is of this version, and
is held by another process), the URLs of destinations, and PUBLIC_URL. The store is only read. Nothing is started: the permission is asked for with a dispatch
that lacks what GitHub requires, which GitHub refuses.

  --json  Print JSON.

Ends with 0 where nothing is broken (advice is no fault), with 1 where something is, with 2 where the configuration cannot be
used.

Examples:
  npm run cli -- doctor
  docker exec RECEIVER node receiver/main.js doctor --json`,
  options: { json: { type: 'boolean' } },
  most_words: 1,
  run: doctor,
}

async function doctor({ options, words: [path] }: CommandArguments): Promise<ExitCode> {
  const { loadFiles } = await import('./load-files.ts')
  const { examine } = await import('../doctor/examine.ts')
  const { DESTINATION_TYPES } = await import('../destinations/index.ts')
  const { installNetwork } = await import('../outbound/network.ts')
  const { environment, loaded } = await loadFiles(path ?? null)
  installNetwork()
  const { config } = loaded
  const findings = await examine({ environment, config, types: DESTINATION_TYPES, now: Date.now })
  if (options['json'] === true) console.log(JSON.stringify({ findings }))
  else if (findings.length === 0) console.log('Nothing found.')
  else
    for (const { severity, about, message, fix } of findings)
      console.log(`${severity}: ${about}: ${message}\n  -> ${fix}`)
  return findings.some(({ severity }) => severity === 'problem') ? EXIT.fault : EXIT.ok
}
