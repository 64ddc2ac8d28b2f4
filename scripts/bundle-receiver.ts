/**
 * Writes the program that the image runs: `node scripts/bundle-receiver.ts TO`. The receiver and its packages as a few
 * files of JavaScript: reading hundreds of modules and taking the types out of ours costs half of a start, and memory in
 * each thread. Names and line breaks stay, so that a stack can be read. The same sources give the same bytes.
 *
 * The packages stay beside it: what is loaded on demand comes from there, and their licences are kept.
 */
import { join } from 'node:path'
import { rolldown, type Plugin } from 'rolldown'

const [to] = process.argv.slice(2)
if (to === undefined) throw new Error('Usage: node scripts/bundle-receiver.ts TO')
const root = join(import.meta.dirname, '..')

/** The threads of the embedded store: programs of their own, which the receiver starts from their files. */
const THREADS = ['writer', 'reader']
const threads: Plugin = {
  name: 'threads',
  renderChunk: (code) => code.replaceAll('./${name}.ts', './${name}.js'),
}

/**
 * V8 keeps the text of a program, in two bytes a character as soon as one is outside of Latin-1. Comments are gone by
 * now: what is left stands in strings and patterns, where an escape means the same.
 */
const ascii: Plugin = {
  name: 'ascii',
  generateBundle(_options, bundle) {
    for (const chunk of Object.values(bundle)) if (chunk.type === 'chunk') chunk.code = escaped(chunk.code)
  },
}

function escaped(code: string): string {
  // There alone an escape would be read as its characters.
  if (/String\.raw`[^`]*[^\p{ASCII}]/u.test(code)) throw new Error('String.raw holds more than ASCII.')
  return code.replace(/[^\p{ASCII}]/gu, (character) =>
    Array.from({ length: character.length }, (_, at) => {
      const unit = character.charCodeAt(at).toString(16).padStart(4, '0')
      return `\\u${unit}`
    }).join(''),
  )
}

const bundle = await rolldown({
  cwd: root,
  input: {
    main: 'receiver/main.ts',
    ...Object.fromEntries(THREADS.map((name) => [`parts/${name}`, `receiver/store/sqlite/${name}.ts`])),
  },
  platform: 'node',
  // The first is optional and not installed; the second has large tables that are hardly ever loaded.
  external: ['pg-native', 'iconv-lite'],
  plugins: [threads, ascii],
})
await bundle.write({
  // As deep as the sources are: some files are found from there.
  dir: join(to, 'receiver'),
  chunkFileNames: 'parts/[name].js',
  comments: false,
})
