/** JSON in a string, and what it holds: `JsonText<ModelEvent>`. */
export type JsonText<T> = string & { readonly [HOLDS]: T }

declare const HOLDS: unique symbol

/** Returns `value` as JSON text that remembers its type. */
export function jsonText<T>(value: T): JsonText<T> {
  return JSON.stringify(value) as JsonText<T>
}

/** Returns what a text made by `jsonText` holds. Its content is trusted: only our own texts have this type. */
export function parse<T>(text: JsonText<T>): T {
  return JSON.parse(text) as T
}
