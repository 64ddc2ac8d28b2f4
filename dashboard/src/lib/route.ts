import { useSyncExternalStore } from 'react'

/** Where the page is: the path and the filters behind `#`, so that a link shows what its sender saw. */
export interface Route {
  path: string
  params: URLSearchParams
}

const subscribe = (changed: () => void) => {
  window.addEventListener('hashchange', changed)
  return () => window.removeEventListener('hashchange', changed)
}

/** Returns where the page is, and follows it. */
export function useRoute(): Route {
  const hash = useSyncExternalStore(subscribe, () => window.location.hash)
  const [path = '', search = ''] = hash.replace(/^#/, '').split('?', 2)
  return { path: path === '' ? '/' : path, params: new URLSearchParams(search) }
}

/** Returns the link to a place of this page. Empty parameters are left out. */
export function linkTo(
  path: string,
  params: Readonly<Record<string, string | null | undefined>> = {},
): string {
  const search = new URLSearchParams()
  for (const [key, value] of Object.entries(params)) if (value != null && value !== '') search.set(key, value)
  const text = search.toString()
  return `#${path}${text === '' ? '' : `?${text}`}`
}

/** Returns the path of an automation's page. */
export function automationPath(name: string): string {
  return `/automations/${encodeURIComponent(name)}`
}

/** Goes to a place of this page. */
export function goTo(path: string, params: Readonly<Record<string, string | null | undefined>> = {}): void {
  window.location.hash = linkTo(path, params)
}

/** Changes filters in the address without a step in the browser's history. */
export function setParams(route: Route, changes: Readonly<Record<string, string | null>>): void {
  const all = { ...Object.fromEntries(route.params), ...changes }
  window.history.replaceState(null, '', linkTo(route.path, all))
  window.dispatchEvent(new HashChangeEvent('hashchange'))
}

/** Returns the parts of a path that a pattern names, decoded; null where it does not fit. */
export function matchPath(pattern: string, path: string): Record<string, string> | null {
  const wanted = pattern.split('/')
  const given = path.split('/')
  if (wanted.length !== given.length) return null
  const found: Record<string, string> = {}
  for (const [index, part] of wanted.entries()) {
    const value = given[index] ?? ''
    if (part.startsWith(':')) found[part.slice(1)] = decode(value)
    else if (part !== value) return null
  }
  return found
}

function decode(value: string): string {
  try {
    return decodeURIComponent(value)
  } catch {
    return value
  }
}
