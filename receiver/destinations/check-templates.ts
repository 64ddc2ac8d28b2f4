import type { Json } from '../../src/contract/model-event.ts'
import type { Problem } from '../../src/contract/problem.ts'
import { compileTemplate, TemplateError } from '../templates/template.ts'
import type { SettingsProblem } from './destination.ts'

/**
 * Returns what is wrong with templates, by the key that each stands under: every one must compile, and none may name a
 * secret.
 * @param refuse what to say about the secret of this name.
 */
export function checkTemplates(
  templates: Readonly<Record<string, Json>>,
  refuse: (secret: string) => Problem,
): SettingsProblem[] {
  return Object.entries(templates).flatMap(([key, value]) => {
    const secret = secretWord(JSON.stringify(value))
    return problemAt(key, secret === null ? templateProblem(value, key) : refuse(secret))
  })
}

/** Returns a problem as one of the setting `key`; none for null. */
export function problemAt(key: string, problem: Problem | null): SettingsProblem[] {
  return problem === null ? [] : [{ path: [key], message: problem.message, fix: problem.fix }]
}

function templateProblem(value: Json, path: string): Problem | null {
  try {
    compileTemplate(value, { path })
    return null
  } catch (error) {
    if (error instanceof TemplateError) {
      const { path: inner, message, fix } = error
      return { message: inner === path ? message : `${inner}: ${message}`, fix }
    }
    throw error
  }
}

/** Secrets are written in capitals (`${NAME}`), words of an event never are; `$${` is a literal. */
function secretWord(text: string): string | null {
  return /(?<!\$)\$\{([A-Z][A-Z0-9_]*)\}/.exec(text)?.[1] ?? null
}
