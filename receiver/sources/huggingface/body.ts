import { cleanObject, eventName, isObject, objectOf, textOf } from '../../../src/contract/clean-json.ts'
import { eventTitle } from '../../../src/contract/event-title.ts'
import {
  NO_CHANGE,
  NO_MODEL,
  type DecodedEvent,
  type EventKind,
  type JsonObject,
  type ModelRef,
} from '../../../src/contract/model-event.ts'
import { HUGGINGFACE_EVENTS, UNKNOWN_EVENT, huggingfaceEvent } from './events.ts'

/** The meaning of one event of a Hub webhook's body. */
export interface HuggingFaceBody {
  event: DecodedEvent
  /** The advice where the body names no event, else null. */
  hint: string | null
  /** The Hub's own fields as text ("" when absent); `event_type` is the event's name. */
  flat: Record<string, string>
}

/** A branch or tag that moved: `newSha` null says that it is gone. */
interface Ref {
  ref: string
  old_sha: string | null
  new_sha: string | null
}

const HINT = 'The body has no "event" with "scope" and "action": every webhook of the Hub sends both'

/** Keys of the body whose whole content finds its place in the event. */
const PLACED = ['event', 'repo', 'updatedRefs']

/**
 * Understands the body of a webhook of the Hugging Face Hub, version 3: one event for each new state of `main` and for
 * each new tag that one request tells of, else one in all. Never throws.
 * `stated` is the event that the webhook's URL states (`?event=`), which wins over the body; null if it states none.
 * https://huggingface.co/docs/hub/webhooks#webhook-payloads
 */
export function decodeHuggingFaceBody(body: JsonObject, stated: string | null): HuggingFaceBody[] {
  const { scope, action } = objectOf(body['event'])
  const type = eventName(stated) ?? huggingfaceEvent(textOf(scope), textOf(action))
  const versions = type === 'repo.content.update' ? refsOf(body).filter(isVersion) : []
  return versions.length === 0
    ? [decodeOne(body, type, null)]
    : versions.map((ref) => decodeOne(body, type, ref))
}

function decodeOne(body: JsonObject, type: string, ref: Ref | null): HuggingFaceBody {
  const kind = kindOf(body, type, ref)
  const repo = objectOf(body['repo'])
  const model = decodeModel(repo, ref)
  const comment = textOf(objectOf(body['comment'])['content'])
  const tag = ref?.ref.startsWith(TAGS) === true ? ref.ref.slice(TAGS.length) : null
  const event = {
    type,
    kind,
    author: null,
    occurred_at: null,
    test: false,
    own: false,
    model,
    change: {
      ...NO_CHANGE,
      tag,
      tags: tag === null ? [] : [tag],
      comment: kind === 'comment.created' ? comment : null,
    },
    run: null,
    metadata: {},
  }
  return {
    event: { ...event, title: eventTitle(event), extra: extraOf(body, ref) },
    hint: type === UNKNOWN_EVENT ? HINT : null,
    flat: {
      event_type: type,
      repo_name: textOf(repo['name']) ?? '',
      repo_type: textOf(repo['type']) ?? '',
      ref: ref?.ref ?? '',
      old_sha: ref?.old_sha ?? '',
      new_sha: ref?.new_sha ?? '',
      head_sha: textOf(repo['headSha']) ?? '',
    },
  }
}

const MAIN = 'refs/heads/main'
const TAGS = 'refs/tags/'

/** A new version is a new state of `main` or a tag that was set; other branches and `refs/pr/*` are none. */
function isVersion({ ref, new_sha }: Ref): boolean {
  return new_sha !== null && (ref === MAIN || ref.startsWith(TAGS))
}

function kindOf(body: JsonObject, type: string, ref: Ref | null): EventKind {
  if (type === 'repo.content.update') return ref === null ? 'other' : 'version.created'
  if (type === 'repo.create' && textOf(objectOf(body['repo'])['type']) !== 'model') return 'other'
  const kind = Object.hasOwn(HUGGINGFACE_EVENTS, type) ? HUGGINGFACE_EVENTS[type] : undefined
  return kind ?? 'other'
}

function refsOf(body: JsonObject): Ref[] {
  const refs = body['updatedRefs']
  return (Array.isArray(refs) ? refs : []).filter(isObject).flatMap((each) => {
    const ref = textOf(each['ref'])
    if (ref === null) return []
    return [{ ref, old_sha: textOf(each['oldSha']), new_sha: textOf(each['newSha']) }]
  })
}

/** The repository; its commit is the version: `some-user/some-repo@<sha>` is what `huggingface_hub` loads. */
function decodeModel(repo: JsonObject, ref: Ref | null): ModelRef | null {
  const path = textOf(repo['name'])
  if (path === null) return null
  const slash = path.indexOf('/')
  const version = ref?.new_sha ?? null
  const pinned = version === null ? null : `${path}@${version}`
  const url = textOf(objectOf(repo['url'])['web'])
  return {
    ...NO_MODEL,
    type: textOf(repo['type']),
    entity: slash === -1 ? null : path.slice(0, slash),
    name: path.slice(slash + 1),
    version,
    reference:
      ref?.ref.startsWith(TAGS) === true ? `${path}@${ref.ref.slice(TAGS.length)}` : (pinned ?? path),
    pinned,
    id: textOf(repo['id']),
    url: url?.startsWith('https://') === true ? url : null,
  }
}

/** The rest, for which no place was found; the scope as it came where it is a narrower one than the event's name says. */
function extraOf(body: JsonObject, ref: Ref | null): JsonObject {
  const repo = objectOf(body['repo'])
  const { private: is_private = null, headSha: head_sha = null, tags = null } = repo
  const others = Object.entries(body).filter(([key]) => !PLACED.includes(key))
  return cleanObject([
    ...others,
    ['scope', objectOf(body['event'])['scope'] ?? null],
    ['private', is_private],
    ['head_sha', head_sha],
    ['tags', tags],
    ...(ref === null
      ? [['updated_refs', body['updatedRefs'] ?? null] as const]
      : [['ref', ref.ref] as const, ['old_sha', ref.old_sha] as const]),
  ])
}
