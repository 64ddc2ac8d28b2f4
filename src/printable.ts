/** Longest text that is printed in one piece, in characters. */
const LENGTH = 1000

const ASCII = /^[ -~]*$/
const MARKUP = /[!-+:-@[-`{-~]/g

/**
 * The text in a form that the runner prints and never obeys: one line, without `##[` (a command anywhere in a line)
 * and `::` (a command at its beginning). Both grammars are those of the runner's `ActionCommand`
 * (https://github.com/actions/runner/blob/main/src/Runner.Common/ActionCommand.cs).
 */
export function printable(text: string): string {
  return oneLine(text)
    .replaceAll('##[', '# #[')
    .replace(/:(?=:)/g, ': ')
}

function oneLine(text: string): string {
  if (text.length <= LENGTH && ASCII.test(text)) return text
  return Array.from(visible(text)).slice(0, LENGTH).join('')
}

/** In a function of its own, because Unicode classes cost milliseconds when they are parsed, and are seldom needed. */
function visible(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]+/gu, ' ')
}

/** The text as HTML that neither HTML nor Markdown reads as anything but text. */
export function escapeHtml(text: string): string {
  return printable(text).replace(MARKUP, (character) => `&#${character.charCodeAt(0)};`)
}
