import { stageOfEvent } from './databricks/events.ts'
import type { Disagreement } from './disagreement.ts'
import type { ModelEvent, ModelRef } from './model-event.ts'
import type { Problem } from './problem.ts'
import { disagreementsOfWandb } from './wandb/disagreements.ts'

/** Why an event cannot be believed: a sentence that names what disagrees, and what to do about it. */
export type Contradiction = Problem

/** Longest value that the sentence shows, in characters (UTF-16 code units). */
const SHOWN = 80

const MODEL_URI = /^(?:models|prompts):\/([^/]+?)(?:\/([^/]+)|@([^/@]+))?$/

/**
 * Returns why an event contradicts itself, or null where it tells one story.
 *
 * Bodies name a model twice: in words of their own, by which automations are filtered, and inside a reference, which
 * is handed to the deployment. The checked value has to be the one that is handed out, so an event whose words and reference
 * name different models, versions or aliases is accepted and shown, but matches nothing. The receiver asks this
 * before it matches automations, the Action before it gives an output to deploy. Pure; everything that is compared is
 * in the event itself, so a stored event gives the same answer again.
 *
 * The message quotes the event: bounded and on one line, but not safe for a shell or for HTML.
 *
 * @example
 * contradictionOf(event)?.message
 * // The event contradicts itself: artifact_collection_name is "resnet50", but artifact_version_string is "a/b/evil:v1".
 */
export function contradictionOf(event: ModelEvent): Contradiction | null {
  const found = disagreementsOf(event)
  const [first] = found
  if (first === undefined) return null
  const same = found.filter((other) => other.other_word === first.other_word)
  const words = same.map(({ word, says }) => `${word} is ${quoted(says)}`)
  const message =
    `The event contradicts itself: ${listed(words)}, ` +
    `but ${first.other_word} is ${quoted(first.other_says)}.`
  return { message, fix: event.source.type === 'wandb' ? FIX_WANDB : FIX }
}

const FIX_WANDB =
  "Fill every word of the automation's payload in W&B with the variable of its own name, as in " +
  '"artifact_collection_name": "${artifact_collection_name}", or leave out the one that differs.'
const FIX = 'Look at who sends these events: one event has to name one model, version and stage.'

function disagreementsOf(event: ModelEvent): Disagreement[] {
  switch (event.source.type) {
    case 'wandb':
      return disagreementsOfWandb(event)
    case 'databricks':
      return [...disagreementsOfStage(event), ...disagreementsOfUri(event)]
    case 'huggingface':
      return disagreementsOfRepository(event.model)
    default:
      return disagreementsOfUri(event)
  }
}

/** Compares the stage in the event's name (`…_TO_PRODUCTION`) with `to_stage`. */
function disagreementsOfStage({ type, change }: ModelEvent): Disagreement[] {
  const named = stageOfEvent(type)
  const { to_stage } = change
  if (named === null || to_stage === null || named.toUpperCase() === to_stage.toUpperCase()) return []
  return [{ word: 'to_stage', says: to_stage, other_word: 'the event', other_says: type }]
}

/** Compares MLflow's URI of a version (`models:/NAME/VERSION`, `models:/NAME@ALIAS`) with the words beside it. */
function disagreementsOfUri({ model, change }: ModelEvent): Disagreement[] {
  return referencesOf(model).flatMap((uri) => {
    const [, name = null, version = null, alias = null] = MODEL_URI.exec(uri) ?? []
    return against('the reference', uri, [
      ['model_name', model?.name ?? null, name],
      ['version', model?.version ?? null, /^\d+$/.test(version ?? '') ? version : null],
      ['alias', change.alias, alias],
    ])
  })
}

/** Compares the Hub's references (`OWNER/NAME@REVISION`) and the address of the page with the repository's name. */
function disagreementsOfRepository(model: ModelRef | null): Disagreement[] {
  if (model?.name == null) return []
  const name = [model.entity, model.name].filter((part) => part !== null).join('/')
  const pinned = model.pinned?.slice(model.pinned.lastIndexOf('@') + 1) ?? null
  return [
    ...referencesOf(model).flatMap((text) =>
      against('the reference', text, [['repo.name', name, text.split('@', 1)[0] ?? null]]),
    ),
    ...against('the reference', model.pinned, [['the revision', model.version, pinned]]),
    ...against('repo.url', model.url, [
      ['repo.name', name, model.url?.endsWith(`/${name}`) === true ? name : ''],
    ]),
  ]
}

function referencesOf(model: ModelRef | null): string[] {
  const references = [model?.reference ?? null, model?.pinned ?? null]
  return [...new Set(references.filter((text) => text !== null))]
}

/** Compares what the words say with what is meant by the text beside them; null is nothing said. */
function against(
  other_word: string,
  text: string | null,
  words: readonly (readonly [word: string, says: string | null, meant: string | null])[],
): Disagreement[] {
  if (text === null) return []
  return words.flatMap(([word, says, meant]) =>
    says === null || meant === null || says === meant ? [] : [{ word, says, other_word, other_says: text }],
  )
}

function listed(words: readonly string[]): string {
  const last = words.at(-1) ?? ''
  return words.length < 2 ? last : `${words.slice(0, -1).join(', ')} and ${last}`
}

function quoted(text: string): string {
  const shown = text.length > SHOWN ? `${text.slice(0, SHOWN - 1)}…` : text
  return JSON.stringify(shown.toWellFormed())
}
