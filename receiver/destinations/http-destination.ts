import type { Json } from '../../src/contract/model-event.ts'
import { REFERENCE } from '../secrets/settings.ts'
import { checkTemplates, problemAt } from './check-templates.ts'
import type { CheckContext, DestinationType, SettingsProblem } from './destination.ts'
import { addressProblem, type HttpAddress } from './http-address.ts'
import { COMMON_ANSWERS } from './http-answers.ts'
import { createHttpSender } from './http-sender.ts'
import { namesOfSecrets, type OwnSecrets } from './http-values.ts'
import type { HttpDestination } from './http-spec.ts'

/** Makes a kind of destination of what its requests look like and what its answers mean. */
export function httpDestination<S extends { type: string }>(spec: HttpDestination<S>): DestinationType<S> {
  const { type, title, order, settings, example, guide } = spec
  const answers = [...spec.answers, ...COMMON_ANSWERS]
  return {
    ...{ type, title, order, settings, example, guide, answers },
    check: (given, context) => [
      ...checkAddress(spec.address(given), context),
      ...checkTemplates(withoutReferences(spec.templates?.(given) ?? {}), null),
      ...checkOwnSecrets(given, spec.own_secrets?.(given) ?? {}),
      ...(spec.check?.(given, context) ?? []),
    ],
    secrets: (given) => {
      const own = spec.own_secrets?.(given) ?? {}
      return namesOfSecrets(given).filter((name) => !Object.hasOwn(own, name))
    },
    connect: (context) => createHttpSender({ ...spec, answers }, context),
  }
}

function checkAddress(address: HttpAddress, { checkUrl }: CheckContext): SettingsProblem[] {
  const { key, text } = address
  const problems = checkTemplates(withoutReferences({ [key]: text }), null)
  return problems.length > 0 ? problems : problemAt(key, addressProblem(text, checkUrl))
}

/** References stand beside words in some settings, and are no words. */
function withoutReferences(templates: Readonly<Record<string, Json>>): Record<string, Json> {
  const entries = Object.entries(templates).map(([key, value]): [string, Json] => [
    key,
    typeof value === 'string' ? value.replace(REFERENCE, '') : value,
  ])
  return Object.fromEntries(entries)
}

/** A name that stands for a setting which is not there. */
function checkOwnSecrets(settings: unknown, own: OwnSecrets): SettingsProblem[] {
  const used = namesOfSecrets(settings)
  return Object.entries(own).flatMap(([name, value]) => {
    const key = name.toLowerCase()
    if (value?.includes(`\${${name}}`) === true) {
      const message = `\${${name}} stands for this setting itself`
      return problemAt(key, { message, fix: `Write "\${env:${name}}" for the variable of this name.` })
    }
    if (value !== null || !used.includes(name)) return []
    const message = `\${${name}} stands for \`${key}\`, which is not set`
    return problemAt(key, { message, fix: `Set \`${key}\`, or take \${${name}} out.` })
  })
}
