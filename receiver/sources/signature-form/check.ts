import type { SourceFault } from '../source.ts'
import { readSecret } from './keys.ts'
import { placeholders } from './pattern.ts'
import { formOf, type SignatureForm, type SignatureSetting } from './settings.ts'

/** The means to judge a description of a signature. */
export interface FormCheck {
  /** As it is configured; undefined where it is not. */
  given: SignatureSetting
  secrets: readonly string[]
  /** Whether a header is known to hold the delivery id. */
  has_id: boolean
}

/** Returns what is wrong with a description: a signature that could never hold, or would not protect. */
export function formFaults({ given, secrets, has_id }: FormCheck): SourceFault[] {
  const form = formOf(given)
  const faults = secrets.flatMap((secret, index) =>
    readSecret(secret, form.secret_encoding) === null ? [unreadable(index, form.secret_encoding)] : [],
  )
  if (given === undefined) return faults
  if (secrets.length === 0) faults.push(fault([], 'has no secrets to check it with', 'Add `secrets`.'))
  if ((given.header === undefined) === (given.query === undefined)) {
    faults.push(
      fault([], 'must name either a header or a query parameter', 'Write one of `header` and `query`.'),
    )
  }
  return [
    ...faults,
    ...patternFaults(form),
    ...signedFaults(form, has_id),
    ...timestampFaults(form, given.tolerance),
  ]
}

function fault(path: readonly string[], message: string, fix: string): SourceFault {
  return { path: ['signature', ...path], message, fix }
}

function unreadable(index: number, encoding: string): SourceFault {
  const fix = `Copy the secret again, or correct signature.secret_encoding: it is ${encoding}.`
  return { path: ['secrets', index], message: `cannot be read as ${encoding}`, fix }
}

function patternFaults({ pattern }: SignatureForm): SourceFault[] {
  const names = placeholders(pattern)
  const at = ['pattern']
  if (!names.includes('signature')) {
    return [fault(at, 'has no {signature}', 'Write {signature} where the signature stands.')]
  }
  const odd = names.find((name) => name !== 'signature' && name !== 'timestamp')
  if (odd !== undefined) return [fault(at, `{${odd}} is unknown here`, 'Use {signature} and {timestamp}.')]
  if (new Set(names).size === names.length) return []
  return [
    fault(at, 'names a placeholder twice', 'Once is enough: several signatures in one header are all read.'),
  ]
}

function signedFaults({ signed }: SignatureForm, has_id: boolean): SourceFault[] {
  const names = placeholders(signed)
  const at = ['signed']
  if (!names.includes('body')) {
    return [fault(at, 'has no {body}: anybody could change it', 'Write {body} where the body stands.')]
  }
  const odd = names.find((name) => !['body', 'timestamp', 'id'].includes(name))
  if (odd !== undefined) return [fault(at, `{${odd}} is unknown here`, 'Use {id}, {timestamp} and {body}.')]
  if (names.includes('id') && !has_id) {
    return [fault(at, 'has {id}, and no header is known to hold it', 'Name the header in `delivery_id`.')]
  }
  return []
}

function timestampFaults(
  { signed, pattern, timestamp }: SignatureForm,
  tolerance: number | undefined,
): SourceFault[] {
  const given = placeholders(pattern).includes('timestamp') || timestamp !== undefined
  if (placeholders(signed).includes('timestamp')) {
    if (given) return []
    const fix = 'Write {timestamp} in `pattern`, or name its header in `timestamp`.'
    return [fault(['signed'], 'has {timestamp}, and nothing says where it stands', fix)]
  }
  if (!given && tolerance === undefined) return []
  const at = tolerance === undefined ? (timestamp === undefined ? 'pattern' : 'timestamp') : 'tolerance'
  const message = 'the timestamp is not signed: whoever repeats a request can write a new one'
  return [fault([at], message, `Add {timestamp} to \`signed\` as the sender signs it, or remove \`${at}\`.`)]
}
