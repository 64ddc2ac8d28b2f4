import type { Credentials, SourceFault } from '../source.ts'
import { readSecret } from './keys.ts'
import { placeholders } from './pattern.ts'
import { signatureOf, type HmacSettings } from './settings.ts'

/** Returns what is wrong with a source as a whole: a signature that could never hold, or would not protect. */
export function checkHmac({
  credentials: { secrets },
  settings,
}: {
  credentials: Credentials
  settings: HmacSettings
}): SourceFault[] {
  const { signature: given } = settings
  const { secret_encoding } = signatureOf(settings)
  const faults = secrets.flatMap((secret, index) =>
    readSecret(secret, secret_encoding) === null ? [unreadable(index, secret_encoding)] : [],
  )
  if (given === undefined) return faults
  if (secrets.length === 0) faults.push(fault([], 'has no secrets to check it with', 'Add `secrets`.'))
  if ((given.header === undefined) === (given.query === undefined)) {
    faults.push(
      fault([], 'must name either a header or a query parameter', 'Write one of `header` and `query`.'),
    )
  }
  return [...faults, ...patternFaults(settings), ...signedFaults(settings), ...timestampFaults(settings)]
}

function fault(path: readonly string[], message: string, fix: string): SourceFault {
  return { path: ['signature', ...path], message, fix }
}

function unreadable(index: number, encoding: string): SourceFault {
  const fix = `Copy the secret again, or correct signature.secret_encoding: it is ${encoding}.`
  return { path: ['secrets', index], message: `cannot be read as ${encoding}`, fix }
}

function patternFaults(settings: HmacSettings): SourceFault[] {
  const names = placeholders(signatureOf(settings).pattern)
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

function signedFaults(settings: HmacSettings): SourceFault[] {
  const names = placeholders(signatureOf(settings).signed)
  const at = ['signed']
  if (!names.includes('body')) {
    return [fault(at, 'has no {body}: anybody could change it', 'Write {body} where the body stands.')]
  }
  const odd = names.find((name) => !['body', 'timestamp', 'id'].includes(name))
  if (odd !== undefined) return [fault(at, `{${odd}} is unknown here`, 'Use {id}, {timestamp} and {body}.')]
  if (names.includes('id') && typeof settings.delivery_id !== 'string') {
    return [fault(at, 'has {id}, and no header is known to hold it', 'Name the header in `delivery_id`.')]
  }
  return []
}

function timestampFaults(settings: HmacSettings): SourceFault[] {
  const { signed, pattern, timestamp } = signatureOf(settings)
  const tolerance = settings.signature?.tolerance
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
