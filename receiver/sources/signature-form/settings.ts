import { z } from 'zod'
import { headerName } from '../fields/settings.ts'

/** How far a signed timestamp may lie from now where the configuration does not say, in seconds. */
const TOLERANCE_S = 300

/** The key `signature`: where a signature stands and what it covers. */
export const signatureSetting = z
  .strictObject({
    header: headerName('The header that holds the signature.').optional(),
    query: z
      .string()
      .regex(/^[\w.~-]{1,64}$/, { error: 'letters, digits and . _ ~ - only' })
      .optional()
      .describe('The parameter of the URL that holds the signature, in place of a header.'),
    pattern: z
      .string()
      .min(1, 'must not be empty')
      .max(200, 'must not be longer than 200 characters')
      .default('{signature}')
      .describe('How it is written: `{signature}`, `sha256={signature}`, `t={timestamp},v1={signature}`.'),
    algorithm: z.enum(['sha256', 'sha512']).default('sha256').describe('The hash of the HMAC.'),
    encoding: z
      .enum(['hex', 'base64'])
      .default('hex')
      .describe('How the bytes of the signature are written.'),
    secret_encoding: z
      .enum(['utf8', 'hex', 'base64'])
      .default('utf8')
      .describe('How the bytes of the key are written in `secrets`; utf8 takes the text as it is.'),
    signed: z
      .string()
      .max(200, 'must not be longer than 200 characters')
      .default('{body}')
      .describe(
        'What is signed: `{body}`, `{timestamp}.{body}`, `v0:{timestamp}:{body}`, `{id}.{timestamp}.{body}`.',
      ),
    timestamp: headerName(
      'The header that holds the timestamp, where `pattern` has none: Unix seconds or ms.',
    ).optional(),
    tolerance: z
      .number()
      .int()
      .min(1)
      .max(86_400)
      .optional()
      .describe(`How far a signed timestamp may lie from now, in seconds; ${TOLERANCE_S} by default.`),
  })
  .optional()
  .describe(
    'Where the signature stands and what it covers. Without it: `X-Signature`, HMAC-SHA256 of the body in hex.',
  )

/** How a sender signs, as it is configured; undefined where it is not. */
export type SignatureSetting = z.output<typeof signatureSetting>
/** How a sender signs, with its defaults. */
export type SignatureForm = NonNullable<SignatureSetting> & { tolerance: number }

const DEFAULT_FORM = {
  header: 'X-Signature',
  pattern: '{signature}',
  algorithm: 'sha256',
  encoding: 'hex',
  secret_encoding: 'utf8',
  signed: '{body}',
} as const

/** Returns how the sender signs, as configured or by default. */
export function formOf(given: SignatureSetting): SignatureForm {
  return { ...(given ?? DEFAULT_FORM), tolerance: given?.tolerance ?? TOLERANCE_S }
}
