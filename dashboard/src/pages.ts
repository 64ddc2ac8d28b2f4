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

const page = (load: () => Promise<{ default: ComponentType<PageProps> }>) => lazy(load)

/** All pages. A new one is a file in `pages/` and a line here. */
export const PAGES: readonly PageEntry[] = [
  { path: '/', Page: page(() => import('./pages/overview.tsx')), nav: { title: 'Overview', icon: HomeIcon } },
  {
    path: '/models',
    Page: page(() => import('./pages/models.tsx')),
    nav: { title: 'Models', icon: PackageIcon },
  },
  { path: '/models/:model', Page: page(() => import('./pages/model.tsx')) },
  {
    path: '/events',
    Page: page(() => import('./pages/events.tsx')),
    nav: { title: 'Events', icon: InboxIcon },
  },
  { path: '/events/:id', Page: page(() => import('./pages/event.tsx')) },
  {
    path: '/deliveries',
    Page: page(() => import('./pages/deliveries.tsx')),
    nav: { title: 'Deliveries', icon: PaperAirplaneIcon },
  },
  { path: '/deliveries/:id', Page: page(() => import('./pages/delivery.tsx')) },
  {
    path: '/automations',
    Page: page(() => import('./pages/automations.tsx')),
    nav: { title: 'Automations', icon: GitBranchIcon },
  },
  { path: '/automations/:name', Page: page(() => import('./pages/automation.tsx')) },
  {
    path: '/sources',
    Page: page(() => import('./pages/sources.tsx')),
    nav: { title: 'Sources', icon: WebhookIcon },
  },
  { path: '/lanes', Page: page(() => import('./pages/lanes.tsx')), nav: { title: 'Lanes', icon: PulseIcon } },
  {
    path: '/secrets',
    Page: page(() => import('./pages/secrets.tsx')),
    nav: { title: 'Secrets', icon: KeyIcon },
  },
  {
    path: '/audit',
    Page: page(() => import('./pages/audit.tsx')),
    nav: { title: 'Audit log', icon: BookIcon },
  },
]
