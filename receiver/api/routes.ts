import type { TypeTables } from '../config/schema.ts'
import type { Route } from './route.ts'
import { AUDIT_ROUTES } from './v1/audit.ts'
import { automationRoutes } from './v1/automations.ts'
import { CONFIGURATION_ROUTES } from './v1/configuration.ts'
import { DELIVERY_ROUTES } from './v1/deliveries.ts'
import { EVENT_ROUTES } from './v1/events.ts'
import { EXPLAIN_ROUTES } from './v1/explain.ts'
import { EXPORT_ROUTES } from './v1/export.ts'
import { LANE_ROUTES } from './v1/lanes.ts'
import { SECRET_ROUTES } from './v1/secrets.ts'
import { SESSION_ROUTES } from './v1/session.ts'
import { sourceRoutes } from './v1/sources.ts'
import { STREAM_ROUTES } from './v1/stream.ts'
import { SUBJECT_ROUTES } from './v1/subjects.ts'
import { TEST_ROUTES } from './v1/test-automation.ts'
import { OVERVIEW_ROUTES } from './v1/overview.ts'

/** Returns every route of the management API: a new one is a line here. */
export function routesOf(types: TypeTables): readonly Route[] {
  return [
    ...EVENT_ROUTES,
    ...DELIVERY_ROUTES,
    ...automationRoutes(types),
    ...TEST_ROUTES,
    ...EXPLAIN_ROUTES,
    ...SECRET_ROUTES,
    ...SUBJECT_ROUTES,
    ...LANE_ROUTES,
    ...sourceRoutes(types),
    ...EXPORT_ROUTES,
    ...STREAM_ROUTES,
    ...AUDIT_ROUTES,
    ...OVERVIEW_ROUTES,
    ...SESSION_ROUTES,
    ...CONFIGURATION_ROUTES,
  ]
}
