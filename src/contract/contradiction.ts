import { stageOfEvent } from './databricks/events.ts'
import type { Disagreement } from './disagreement.ts'
import type { ModelEvent, ModelRef } from './model-event.ts'
import { disagreementsOfWandb } from './wandb/disagreements.ts'

/** Why an event cannot be believed: a sentence that names what disagrees, and what to do about it. */
export interface Contradiction {
  message: string
  fix: string
}

/** Longest value that the sentence shows, in characters (UTF-16 code units). */
const SHOWN = 80

const MODEL_URI = /^models:\/([^/]+?)(?:\/([^/]+)|@[^/@]+)?$/

/**
 * Returns why an event contradicts itself, or null where it tells one story.
 *
 * Bodies name a model twice: in words of their own, by which automations are filtered, and inside a reference, which
 * is handed to the deployment. What is checked has to be what is handed out, so an event whose words and reference
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
      return [...disagreementsOfStage(event), ...disagreementsOfUri(event.model)]
    default:
      return disagreementsOfUri(event.model)
  }
}

/** The stage in the event's name (`…_TO_PRODUCTION`) against `to_stage`. */
function disagreementsOfStage({ type, change }: ModelEvent): Disagreement[] {
  const named = stageOfEvent(type)
  const { to_stage } = change
  if (named === null || to_stage === null || named.toUpperCase() === to_stage.toUpperCase()) return []
  return [{ word: 'to_stage', says: to_stage, other_word: 'the event', other_says: type }]
}

/** MLflow's URI of a version (`models:/NAME/VERSION`, `models:/NAME@ALIAS`) against the words beside it. */
function disagreementsOfUri(model: ModelRef | null): Disagreement[] {
  if (model === null) return []
  return [...new Set([model.reference, model.pinned])].flatMap((uri) => {
    const [, name, version] = MODEL_URI.exec(uri ?? '') ?? []
    const pairs = [
      { word: 'model_name', says: model.name, meant: name },
      { word: 'version', says: model.version, meant: /^\d+$/.test(version ?? '') ? version : undefined },
    ]
    return pairs.flatMap(({ word, says, meant }) =>
      uri === null || says === null || meant === undefined || says === meant
        ? []
        : [{ word, says, other_word: 'the reference', other_says: uri }],
    )
  })
}

function listed(words: readonly string[]): string {
  const last = words.at(-1) ?? ''
  return words.length < 2 ? last : `${words.slice(0, -1).join(', ')} and ${last}`
}

function quoted(text: string): string {
  const shown = text.length > SHOWN ? `${text.slice(0, SHOWN - 1)}…` : text
  return JSON.stringify(shown.toWellFormed())
}
