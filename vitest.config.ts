import { defineConfig } from 'vitest/config'

/** Editors and shells start the tests with the Node.js that they find, and older ones fail far from the cause. */
const NODE_MAJOR = 24
if (Number(process.versions.node.split('.', 1)[0]) < NODE_MAJOR) {
  throw new Error(
    `This is Node.js ${process.versions.node}: run this under Node ${NODE_MAJOR}: npm test. ` +
      'One file: npm run test:one -- test/ingest/accepted.test.ts. `npm ci` brings that Node.js; in an editor, choose ' +
      'node_modules/.bin/node, or one that fits .nvmrc.',
  )
}

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/global-setup.ts'],
    // V8 aborts now and then (`Check failed: jit_page.has_value()`) where one process starts and ends threads by the
    // hundred on processors with protection keys, as stores in tests do: https://github.com/nodejs/node/issues/64500
    execArgv: ['--no-memory-protection-keys'],
    // Many tests wait for processes that they started: as many files as there are processors keep these busy. Vitest's own
    // default is one less, which is a single one where there are two.
    maxWorkers: '100%',
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // Machines are shared: a poll waits long for what must come, and what must not come is never waited for.
    expect: { poll: { timeout: 15_000 } },
    // GitHub's own workflow parser imports JSON in a way that only a bundler accepts.
    server: { deps: { inline: [/@actions\/(workflow-parser|expressions|languageservice)/] } },
  },
})
