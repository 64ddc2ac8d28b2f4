import { cleanObject, cleanText, isObject, textOf, trimInvisible } from '../clean-json.ts'
import type { Json, JsonObject } from '../model-event.ts'

const METADATA_KEY = 'artifact_metadata.'
const METADATA_OBJECTS = ['metadata', 'artifact_metadata']
const CONTAINERS = ['client_payload', 'variables']

/** A level of a body that may hold W&B's words, keys in lower case. */
type Place = ReadonlyMap<string, Json>

/** A member of a body: its key as it is spelled, and in lower case. */
interface Entry {
  key: string
  word: string
  value: Json
}

const entriesOf = (object: JsonObject): Entry[] =>
  Object.entries(object).map(([key, value]) => ({ key, word: key.toLowerCase(), value }))

/**
 * The fields of a W&B webhook body. A body is whatever template the user wrote, so a word is looked for at the
 * top, then in `client_payload` (GitHub), then in `variables` (GitLab), whatever the case of its key.
 */
export class WandbFields {
  readonly #top: readonly Entry[]
  readonly #containers: readonly JsonObject[]
  readonly #places: readonly Place[]
  /** The words of which something invisible was cut. */
  readonly #trimmed = new Set<string>()
  /** The words that a field took, with the text that it took; null where every text of the word is. */
  readonly #taken = new Map<string, string | null>()
  readonly #texts = new Map<string, string | null>()
  #kept: readonly Entry[] | null = null

  constructor(body: JsonObject) {
    this.#top = entriesOf(body)
    const top = placeOf(body, this.#top)
    this.#containers = CONTAINERS.map((word) => top.get(word)).filter(isObject)
    this.#places = [top, ...this.#containers.map((object) => placeOf(object, entriesOf(object)))]
  }

  /** Returns the word's first present text (numbers count as text), without what is invisible at its ends, or null. */
  text(word: string): string | null {
    const known = this.#texts.get(word)
    if (known !== undefined) return known
    const text = this.#firstText(word)
    this.#texts.set(word, text)
    return text
  }

  #firstText(word: string): string | null {
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
    const found: string[] = []
    for (const place of this.#places) {
      for (const word of words) {
        const text = wordOf(textOf(place.get(word)))
        if (text !== null) found.push(text)
      }
    }
    return found
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
    const single: [string, Json][] = []
    for (const { key, word, value } of this.#entries()) {
      if (isMetadataKey(word)) single.push([key.slice(METADATA_KEY.length), value])
    }
    return cleanObject([...single, ...objects.filter(isObject).flatMap((object) => Object.entries(object))])
  }

  /**
   * Returns every key of the body that was neither taken nor metadata, as it was spelled. A word that the body holds
   * twice with different texts is among them with the text that was not taken.
   */
  leftovers(): JsonObject {
    const left: [string, Json][] = []
    for (const { key, word, value } of this.#entries()) {
      if (!this.#isTaken(word, value)) left.push([key, value])
    }
    return cleanObject(left)
  }

  /** Returns the body's own top-level text fields under their own names, but for those of `words`, in lower case. */
  topTexts(words: ReadonlySet<string>): [string, string][] {
    const found: [string, string][] = []
    for (const { key, word, value } of this.#top) {
      if (typeof value !== 'string' || words.has(word)) continue
      const text = textOf(value)
      if (text !== null) found.push([cleanText(key), text])
    }
    return found
  }

  #entries(): readonly Entry[] {
    if (this.#kept !== null) return this.#kept
    this.#kept =
      this.#containers.length === 0
        ? this.#top
        : [
            ...this.#top.filter(({ value }) => !this.#isContainer(value)),
            ...this.#containers.flatMap(entriesOf),
          ]
    return this.#kept
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

function isMetadataKey(word: string): boolean {
  return word.length > METADATA_KEY.length && word.startsWith(METADATA_KEY)
}

/** Returns the object by lower-case key; a key that is spelled in lower case wins over its other spellings. */
function placeOf(object: JsonObject, entries: readonly Entry[]): Place {
  const place = new Map<string, Json>()
  for (const { key, word, value } of entries) {
    if (word === key || !Object.hasOwn(object, word)) place.set(word, value)
  }
  return place
}
