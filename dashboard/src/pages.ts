import {
  BookIcon,
  GitBranchIcon,
  HomeIcon,
  InboxIcon,
  KeyIcon,
  PackageIcon,
  PaperAirplaneIcon,
  PulseIcon,
  WebhookIcon,
  type Icon,
} from '@primer/octicons-react'
import { lazy, type ComponentType } from 'react'
import type { Route } from './lib/route.ts'

/** The properties of every page. */
export interface PageProps {
  /** The parts of the path that the page's pattern names. */
  parts: Record<string, string>
  route: Route
}

/** A page: its address, and its place in the navigation where it has one. */
export interface PageEntry {
  path: string
  Page: ComponentType<PageProps>
  nav?: { title: string; icon: Icon }
}

type Load = () => Promise<{ default: ComponentType<PageProps> }>

const page = (path: string, load: Load, title?: string, icon?: Icon): PageEntry => ({
  ...{ path, Page: lazy(load) },
  ...(title !== undefined && icon !== undefined && { nav: { title, icon } }),
})

/** All pages. A new one is a file in `pages/` and a line here. */
export const PAGES: readonly PageEntry[] = [
  page('/', () => import('./pages/overview.tsx'), 'Overview', HomeIcon),
  page('/models', () => import('./pages/models.tsx'), 'Models', PackageIcon),
  page('/models/:model', () => import('./pages/model.tsx')),
  page('/events', () => import('./pages/events.tsx'), 'Events', InboxIcon),
  page('/events/:id', () => import('./pages/event.tsx')),
  page('/deliveries', () => import('./pages/deliveries.tsx'), 'Deliveries', PaperAirplaneIcon),
  page('/deliveries/:id', () => import('./pages/delivery.tsx')),
  page('/automations', () => import('./pages/automations.tsx'), 'Automations', GitBranchIcon),
  page('/automations/:name', () => import('./pages/automation.tsx')),
  page('/sources', () => import('./pages/sources.tsx'), 'Sources', WebhookIcon),
  page('/lanes', () => import('./pages/lanes.tsx'), 'Lanes', PulseIcon),
  page('/secrets', () => import('./pages/secrets.tsx'), 'Secrets', KeyIcon),
  page('/audit', () => import('./pages/audit.tsx'), 'Audit log', BookIcon),
]
