import { safeText } from './safe-values.ts'

/** The event that started the workflow: what the runner's event file holds, or why it cannot be read. */
export type GitHubEvent = { payload: unknown } | { problem: string }

/**
 * Reads the event through `@actions/github`, which parses the event file while it is imported: a broken file is a
 * failed import, so the import has to wait until it can be caught.
 */
export async function readGitHubEvent(): Promise<GitHubEvent> {
  try {
    const { context } = await import(/* webpackMode: "eager" */ './github-context.ts')
    return { payload: context.payload }
  } catch (error) {
    const cause = error instanceof Error ? error.message : String(error)
    return {
      problem:
        `The event file of this run cannot be read: ${safeText(cause)}. ` +
        'Look at the file that GITHUB_EVENT_PATH names or give this step the input payload.',
    }
  }
}
