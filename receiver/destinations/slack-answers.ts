import type { Problem } from '../../src/contract/problem.ts'
import type { HttpAnswerRow } from './http-answers.ts'

const silent = (): string => ''

/** An error that Slack answers with, as a word in the body. */
interface SlackError extends Problem {
  words: readonly string[]
}

/** https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks#handling_errors */
const ERRORS: readonly SlackError[] = [
  {
    words: ['invalid_blocks', 'invalid_blocks_format', 'invalid_payload', 'no_text', 'too_many_attachments'],
    message: 'Slack cannot read the message',
    fix: "Paste the destination's `blocks` into https://app.slack.com/block-kit-builder, which shows what is wrong. Then replay the event.",
  },
  {
    words: ['channel_is_archived'],
    message: 'The channel is archived',
    fix: 'Unarchive it and redeliver, or make a webhook for another channel, put its URL into the secret and redeliver.',
  },
  {
    words: ['channel_not_found', 'user_not_found'],
    message: 'The channel of this URL is gone',
    fix: 'Make a webhook for another channel, put its URL into the secret, then redeliver.',
  },
  {
    words: ['no_service', 'no_service_id', 'no_team', 'team_disabled', 'invalid_token'],
    message: 'The webhook of this URL is gone, or the URL is cut',
    fix: "Copy the URL again from the app's _Incoming Webhooks_, or make a new one, put it into the secret, then redeliver.",
  },
  {
    words: ['action_prohibited', 'posting_to_general_channel_denied'],
    message: 'An administrator of the workspace forbids this message',
    fix: 'Ask an administrator of the Slack workspace to allow the app in this channel, then redeliver.',
  },
]

/** The meaning of Slack's answers. `429` and all that is not named here are as everywhere. */
export const SLACK_ANSWERS: readonly HttpAnswerRow[] = [
  {
    id: 'ok',
    applies: ({ status, body }) => status === 200 && body.trim() === 'ok',
    class: 'success',
    message: silent,
    fix: silent,
  },
  ...ERRORS.flatMap(({ words, message, fix }) =>
    words.map((word): HttpAnswerRow => ({
      id: word,
      applies: ({ status, body }) => status >= 400 && status < 500 && body.trim() === word,
      class: 'permanent',
      message: ({ status }) => `${message} (HTTP ${status}, ${word}).`,
      fix: () => fix,
    })),
  ),
  {
    id: 'not-slack',
    applies: ({ status }) => status >= 200 && status < 300,
    class: 'ambiguous',
    message: ({ status }, { host }) => `${host} answers ${status} but not \`ok\`, as Slack does.`,
    fix: () => 'Check that the URL is that of an incoming webhook, and that no proxy answers in its place.',
  },
]
