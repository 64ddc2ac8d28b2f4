import { inspect } from 'node:util'

const HIDDEN = '[secret]'

/** A secret's value, which no log, template, JSON or debugger prints by accident: only `reveal` gives it out. */
export class Secret {
  readonly #value: string

  constructor(value: string) {
    this.#value = value
  }

  /** Returns the value. The text that it goes into must be masked before anybody sees it. */
  reveal(): string {
    return this.#value
  }

  toString(): string {
    return HIDDEN
  }

  toJSON(): string {
    return HIDDEN
  }

  [inspect.custom](): string {
    return HIDDEN
  }
}
