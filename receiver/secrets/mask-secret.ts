/** The most characters that JSON makes of one: `\u002b`. */
export const LONGEST_ESCAPE = 6

/**
 * Masks a secret wherever a text has it: plain, or in JSON with any of its characters escaped. Which ones are is the
 * encoder's choice: Rails escapes `<`, `>` and `&`, .NET `+` and `'` too, PHP `/`.
 */
export function maskSecret(text: string, secret: string, mask: string): string {
  const escaped = JSON.stringify(secret).slice(1, -1)
  const masked = text.replaceAll(secret, mask).replaceAll(escaped, mask)
  return /\\[u/]/.test(masked) ? masked.replace(anyForm(secret), mask) : masked
}

function anyForm(secret: string): RegExp {
  const forms = secret.split('').map((char) => {
    const plain = literal(JSON.stringify(char).slice(1, -1))
    const digits = char.charCodeAt(0).toString(16).padStart(4, '0')
    const code = digits.replace(/[a-f]/g, (digit) => `[${digit}${digit.toUpperCase()}]`)
    return `(?:${plain}|\\\\u${code}${char === '/' ? '|\\\\/' : ''})`
  })
  return new RegExp(forms.join(''), 'g')
}

function literal(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')
}
