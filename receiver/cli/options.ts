import type { CommandArguments } from './command.ts'

type Options = CommandArguments['options']

/** Returns the text of an option; null where it was not given. */
export function textOption(options: Options, name: string): string | null {
  const value = options[name]
  return typeof value === 'string' ? value : null
}

/** Returns every text of an option that may be given several times. */
export function textOptions(options: Options, name: string): string[] {
  const value = options[name]
  return Array.isArray(value) ? value.filter((one) => typeof one === 'string') : []
}
