import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

/** How the page is built: `npm run build:dashboard`. */
export default defineConfig({
  plugins: [react()],
  // Relative addresses: the page works under any base path.
  base: './',
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    // Nothing inline: the Content-Security-Policy of the receiver forbids it.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // Pages load when they are opened; what a page needs of Primer is a few hundred KB before compression.
    chunkSizeWarningLimit: 900,
  },
})
