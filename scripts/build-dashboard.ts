/**
 * Builds the dashboard into dashboard/dist: `npm run build:dashboard`. `npm ci` runs it too (as `prepare`), so that a
 * checkout that is installed has its page; nothing built is committed. Where development packages are left out, it says
 * so and builds nothing.
 */
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../dashboard/', import.meta.url))
const vite = await import('vite').catch(() => null)
if (vite === null)
  console.log('The dashboard is not built: its tools are development packages, and these are not installed.')
else await vite.build({ root, configFile: `${root}vite.config.ts`, logLevel: 'error' })
