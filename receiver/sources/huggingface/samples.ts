import type { Json, JsonObject } from '../../../src/contract/model-event.ts'
import { HUGGINGFACE_EVENTS } from './events.ts'

const HEAD = '575db8b7a51b6f85eb06eee540738584589f131c'

const REPO: JsonObject = {
  type: 'model',
  name: 'my-team/resnet50',
  id: '6366c000a2abcdf2fd69a080',
  private: false,
  url: {
    web: 'https://huggingface.co/my-team/resnet50',
    api: 'https://huggingface.co/api/models/my-team/resnet50',
  },
  owner: { id: '61d2000c3c2083e1c08af22d' },
}

const DISCUSSION: JsonObject = {
  id: '639885d811ae2bad2b7ba461',
  title: 'Hello!',
  url: { web: 'https://huggingface.co/my-team/resnet50/discussions/3' },
  status: 'open',
  author: { id: '61d2000c3c2083e1c08af22d' },
  isPullRequest: false,
  num: 3,
}

const COMMENT: JsonObject = {
  id: '6398872887bfcfb93a306f18',
  author: { id: '61d2000c3c2083e1c08af22d' },
  content: 'Ready for production',
  hidden: false,
  url: { web: 'https://huggingface.co/my-team/resnet50/discussions/3#6398872887bfcfb93a306f18' },
}

/** The keys that the Hub adds to `repo`, by the event: https://huggingface.co/docs/hub/webhooks#webhook-payloads */
const MORE: Readonly<Record<string, JsonObject>> = {
  'repo.move': { movedTo: { name: 'other-team/resnet50', owner: { id: '61d2000c3c2083e1c08af22e' } } },
  'repo.content.update': {
    updatedRefs: [
      { ref: 'refs/heads/main', oldSha: 'ce9a4674fa833a68d5a73ec355f0ea95eedd60b7', newSha: HEAD },
    ],
  },
  'repo.config.update': { updatedConfig: { private: false } },
  'discussion.create': { discussion: DISCUSSION, comment: COMMENT },
  'discussion.delete': { discussion: DISCUSSION },
  'discussion.update': { discussion: DISCUSSION },
  'discussion.comment.create': { discussion: DISCUSSION, comment: COMMENT },
  'discussion.comment.update': { discussion: DISCUSSION, comment: COMMENT },
}

/** A body of every event, as the Hub sends it. */
export const HUGGINGFACE_SAMPLES: Readonly<Record<string, Json>> = Object.fromEntries(
  Object.keys(HUGGINGFACE_EVENTS).map((type) => {
    const dot = type.lastIndexOf('.')
    const repo = type.startsWith('repo') ? { ...REPO, headSha: HEAD } : REPO
    return [
      type,
      {
        event: { scope: type.slice(0, dot), action: type.slice(dot + 1) },
        repo,
        ...MORE[type],
        webhook: { id: '6390e855e30d9209411de93b', version: 3 },
      },
    ]
  }),
)
