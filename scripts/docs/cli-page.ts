import { COMMANDS } from '../../receiver/cli/commands.ts'
import { EXIT } from '../../receiver/cli/exit-codes.ts'

/** Where the page of the command line is. */
export const CLI_PAGE = 'docs/cli.md'

/** Returns the page of the command line, from the commands' own help. */
export async function cliPage(): Promise<string> {
  const commands = await Promise.all([...COMMANDS].map(async ([name, load]) => [name, await load()] as const))
  const list = commands.map(([name, { summary }]) => `| [\`${name}\`](#${name}) | ${summary} |`)
  const sections = commands.map(
    ([name, { summary, usage, help }]) => `## ${name}

${summary}

\`\`\`text
npm run cli -- ${usage}

${help}
\`\`\`
`,
  )
  return `# Command line

<!-- Written by \`npm run docs\` from the commands' own help. Change that, not this. -->
<!-- prettier-ignore-start -->

The same program is the entry point of the image: \`docker run IMAGE check …\` is \`npm run cli -- check …\`. Without a command
the receiver starts; a command that does not exist starts nothing.

| Command | |
| --- | --- |
${list.join('\n')}

Exit codes: ${EXIT.ok} done. ${EXIT.fault} a fault, or a check that failed. ${EXIT.refused} wrong arguments or configuration: running it again does not
help. ${EXIT.try_again} something outside was not ready: run it again.

${sections.join('\n')}
<!-- prettier-ignore-end -->
`
}
