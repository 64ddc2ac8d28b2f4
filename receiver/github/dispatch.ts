import type { JsonObject } from '../../src/contract/model-event.ts'
import type { Access, AttemptResult } from '../policy/attempt.ts'
import type { GitHubConnection } from './connection.ts'

/** A `repository_dispatch` to send. */
export interface DispatchRequest {
  owner: string
  repo: string
  event_type: string
  client_payload: JsonObject
}

/** A `workflow_dispatch` to send. */
export interface WorkflowRequest {
  owner: string
  repo: string
  /** The workflow's file name, or its number. */
  workflow: string
  /** A branch or tag. */
  ref: string
  inputs: Readonly<Record<string, string>>
}

/** A dispatch that a connection wants to start. */
export interface AccessQuestion {
  owner: string
  repo: string
  /** Null for a `repository_dispatch`. */
  workflow: string | null
}

/**
 * Names of the repositories of `owner` that may be sent to with a GitHub connection; null where they cannot be listed.
 */
export type RepositoriesOf = (connection: string, owner: string) => readonly string[] | null

/** The part of GitHub that destinations use; `createGitHub` of `github/github.ts` makes one. */
export interface GitHub {
  /** Returns the whole URL of a repository's dispatches. */
  dispatchUrl(connection: GitHubConnection, owner: string, repo: string): string
  /** Sends one dispatch. Never throws; gives up when `signal` aborts. */
  dispatch(
    connection: GitHubConnection,
    request: DispatchRequest,
    signal: AbortSignal,
  ): Promise<AttemptResult>
  /** Returns the whole URL of a workflow's dispatches. */
  workflowUrl(
    connection: GitHubConnection,
    place: Pick<WorkflowRequest, 'owner' | 'repo' | 'workflow'>,
  ): string
  /** Starts one workflow, and names its run where the server does. Never throws; gives up when `signal` aborts. */
  dispatchWorkflow(
    connection: GitHubConnection,
    request: WorkflowRequest,
    signal: AbortSignal,
  ): Promise<AttemptResult>
  /** Asks whether a connection may send to a repository. Never throws; gives up when `signal` aborts. */
  access(connection: GitHubConnection, place: AccessQuestion, signal: AbortSignal): Promise<Access>
  /** Returns the login behind a connection's token if it is known now; else null, and asks for it in the background. */
  login(connection: GitHubConnection): string | null
}
