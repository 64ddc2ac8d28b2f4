import type { Json } from '../../src/contract/model-event.ts'
import type { Problem } from '../../src/contract/problem.ts'
import { NAMED_SECRET } from '../secrets/settings.ts'
import { compileTemplate, TemplateError } from '../templates/template.ts'
import type { SettingsProblem } from './destination.ts'

/**
 * Returns what is wrong with templates, by the key that each stands under: every one must compile.
 * @param refuse what to say about the secret of this name; null where secrets are allowed.
 */
export function checkTemplates(
  templates: Readonly<Record<string, Json>>,
  refuse: ((secret: string) => Problem) | null,
): SettingsProblem[] {
  return Object.entries(templates).flatMap(([key, value]) => {
    const secret = refuse === null ? null : secretWord(JSON.stringify(value))
    const problem =
      refuse === null || secret === null ? templateProblem(value, key, refuse === null) : refuse(secret)
    return problemAt(key, problem)
  })
}

/** Returns a problem as one of the setting `key`; none for null. */
export function problemAt(key: string, problem: Problem | null): SettingsProblem[] {
  return problem === null ? [] : [{ path: [key], message: problem.message, fix: problem.fix }]
}

function templateProblem(value: Json, path: string, secrets: boolean): Problem | null {
  try {
    compileTemplate(value, { path, secrets })
    return null
  } catch (error) {
    if (error instanceof TemplateError) {
      const { path: inner, message, fix } = error
      return { message: inner === path ? message : `${inner}: ${message}`, fix }
    }
    throw error
  }
}

function secretWord(text: string): string | null {
  return new RegExp(NAMED_SECRET, '').exec(text)?.[1] ?? null
}
