import type { TypeTables } from '../config/schema.ts'
import type { Route } from './route.ts'
import { AUDIT_ROUTES } from './v1/audit.ts'
import { automationRoutes } from './v1/automations.ts'
import { CONFIGURATION_ROUTES } from './v1/configuration.ts'
import { DELIVERY_ROUTES } from './v1/deliveries.ts'
import { EVENT_ROUTES } from './v1/events.ts'
import { EXPLAIN_ROUTES } from './v1/explain.ts'
import { SECRET_ROUTES } from './v1/secrets.ts'
import { TEST_ROUTES } from './v1/test-automation.ts'

/** Returns every route of the management API: a new one is a line here. */
export function routesOf(types: TypeTables): readonly Route[] {
  return [
    ...EVENT_ROUTES,
    ...DELIVERY_ROUTES,
    ...automationRoutes(types),
    ...TEST_ROUTES,
    ...EXPLAIN_ROUTES,
    ...SECRET_ROUTES,
    ...AUDIT_ROUTES,
    ...CONFIGURATION_ROUTES,
  ]
}
