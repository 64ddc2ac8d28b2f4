import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/global-setup.ts'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // GitHub's own workflow parser imports JSON in a way that only a bundler accepts.
    server: { deps: { inline: [/@actions\/(workflow-parser|expressions|languageservice)/] } },
  },
})
