import { z } from 'zod'

/**
 * A line without blanks at its ends and without invisible characters. The joiners of scripts that need them (U+200C,
 * U+200D) may stand inside.
 */
const VISIBLE = /^(?![\s\p{Cf}])(?:[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}]|[\u200c\u200d])*(?<![\s\p{Cf}])$/u

const ERROR =
  'must be one line, without blanks at its ends and without invisible characters ' +
  '(in YAML, a block written with | or > ends in a line break: put the text in quotes)'

/** Returns the schema of a text that must equal another one, such as a name: what is invisible would be in the way. */
export function visibleText(): z.ZodString {
  return z.string().min(1, 'must not be empty').regex(VISIBLE, { error: ERROR })
}
