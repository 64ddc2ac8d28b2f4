import { readAnswerBy } from '../outbound/answer-table.ts'
import { readNoAnswer } from '../outbound/no-answer.ts'
import type { Sent } from '../outbound/send.ts'
import type { Access } from '../policy/attempt.ts'
import { redact } from '../secrets/redact.ts'
import type { HttpAnswerRow } from './http-answers.ts'
import type { AccessRequest } from './http-spec.ts'

/** Returns what came of the question whether a request would be taken; refusals are worded as those of the request. */
export function accessIn(
  sent: Sent,
  { url, read }: Pick<AccessRequest, 'url' | 'read'>,
  { answers, now, secrets }: { answers: readonly HttpAnswerRow[]; now: number; secrets: readonly string[] },
): Access {
  const { host } = new URL(url)
  if (sent.kind === 'refused') return { allowed: false, status: null, ...worded(sent.refusal, secrets) }
  if (sent.kind === 'no-answer') {
    const unsent = 'nothing was sent'
    const meaning = readNoAnswer(sent.error, { host, sent: unsent, unsent })
    return { allowed: null, status: null, ...worded(meaning, secrets) }
  }
  const { status } = sent.answer
  if (status >= 200 && status < 300) {
    const { allowed, ...words } = read(sent.answer)
    return { allowed, status, ...worded(words, secrets) }
  }
  const meaning = readAnswerBy(answers, sent.answer, { now, host, secrets })
  const allowed = meaning.class === 'permanent' || meaning.class === 'credentials' ? false : null
  return { allowed, status, ...worded(meaning, secrets) }
}

function worded({ message, fix }: { message: string; fix: string }, secrets: readonly string[]) {
  return { message: redact(message, secrets), fix: redact(fix, secrets) }
}
