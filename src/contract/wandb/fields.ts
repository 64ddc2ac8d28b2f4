import { cleanObject, cleanText, isObject, textOf, trimInvisible } from '../clean-json.ts'
import type { Json, JsonObject } from '../model-event.ts'

const METADATA_KEY = 'artifact_metadata.'
const METADATA_OBJECTS = ['metadata', 'artifact_metadata']
const CONTAINERS = ['client_payload', 'variables']

/** A level of a body that may hold W&B's words, keys in lower case. */
type Place = ReadonlyMap<string, Json>

/**
 * The fields of a W&B webhook body. A body is whatever template the user wrote, so a word is looked for at the
 * top, then in `client_payload` (GitHub), then in `variables` (GitLab), whatever the case of its key.
 */
export class WandbFields {
  readonly #body: JsonObject
  readonly #containers: readonly JsonObject[]
  readonly #places: readonly Place[]
  /** The words of which something invisible was cut. */
  readonly #trimmed = new Set<string>()
  /** The words that a field took, with the text that it took; null where every text of the word is. */
  readonly #taken = new Map<string, string | null>()

  constructor(body: JsonObject) {
    this.#body = body
    const top = placeOf(body)
    this.#containers = CONTAINERS.map((word) => top.get(word)).filter(isObject)
    this.#places = [top, ...this.#containers.map(placeOf)]
  }

  /** Returns the word's first present text (numbers count as text), without what is invisible at its ends, or null. */
  text(word: string): string | null {
    for (const place of this.#places) {
      const given = textOf(place.get(word))
      const text = wordOf(given)
      if (text !== given) this.#trimmed.add(word)
      if (text !== null) return text
    }
    return null
  }

  /** Returns the words that came with something invisible at their ends, as far as they were asked for. */
  trimmed(): string[] {
    return [...this.#trimmed]
  }

  /** Returns every present text of the words, outermost first, and at each level in the words' order. */
  texts(...words: string[]): string[] {
    return this.#places
      .flatMap((place) => words.map((word) => wordOf(textOf(place.get(word)))))
      .filter((text) => text !== null)
  }

  /** Returns the same as {@link text}, and leaves the word out of the {@link leftovers}. */
  take(word: string): string | null {
    const text = this.text(word)
    if (text !== null) this.#taken.set(word, text)
    return text
  }

  /** Leaves every text of the word out of the {@link leftovers}. */
  drop(word: string): void {
    this.#taken.set(word, null)
  }

  /**
   * Returns the version's metadata: the objects `metadata` and `artifact_metadata`, and keys `artifact_metadata.KEY`.
   */
  metadata(): JsonObject {
    const objects = this.#places.flatMap((place) => METADATA_OBJECTS.map((word) => place.get(word)))
    const single = this.#entries().flatMap(([key, value]) =>
      isMetadataKey(key) ? [[key.slice(METADATA_KEY.length), value] as const] : [],
    )
    return cleanObject([...single, ...objects.filter(isObject).flatMap((object) => Object.entries(object))])
  }

  /**
   * Returns every key of the body that was neither taken nor metadata, as it was spelled. A word that the body holds
   * twice with different texts is among them with the text that was not taken.
   */
  leftovers(): JsonObject {
    return cleanObject(this.#entries().filter(([key, value]) => !this.#isTaken(key.toLowerCase(), value)))
  }

  /** Returns the body's own top-level text fields under their own names. */
  topTexts(): [string, string][] {
    return Object.entries(this.#body).flatMap(([key, value]) => {
      const text = typeof value === 'string' ? textOf(value) : null
      return text === null ? [] : [[cleanText(key), text]]
    })
  }

  #entries(): [string, Json][] {
    const own = Object.entries(this.#body)
    if (this.#containers.length === 0) return own
    return [
      ...own.filter(([, value]) => !this.#isContainer(value)),
      ...this.#containers.flatMap((object) => Object.entries(object)),
    ]
  }

  #isContainer(value: Json): boolean {
    return isObject(value) && this.#containers.includes(value)
  }

  #isTaken(word: string, value: Json): boolean {
    if (isMetadataKey(word) || (isObject(value) && METADATA_OBJECTS.includes(word))) return true
    const taken = this.#taken.get(word)
    if (taken === undefined) return false
    const text = wordOf(textOf(value))
    return taken === null || text === null || text === taken
  }
}

/** Returns a text as a word of W&B's: null where it is nothing but blanks. */
function wordOf(text: string | null): string | null {
  return text === null ? null : trimInvisible(text) || null
}

function isMetadataKey(key: string): boolean {
  return key.length > METADATA_KEY.length && key.slice(0, METADATA_KEY.length).toLowerCase() === METADATA_KEY
}

/** Returns the object by lower-case key; a key that is spelled in lower case wins over its other spellings. */
function placeOf(object: JsonObject): Place {
  const place = new Map<string, Json>()
  const exact = new Set<string>()
  for (const [key, value] of Object.entries(object)) {
    const word = key.toLowerCase()
    if (word === key) exact.add(word)
    else if (exact.has(word)) continue
    place.set(word, value)
  }
  return place
}
