/** The same endpoint in Express and nothing behind it. */
import { serveEndpoint } from './endpoint.ts'

serveEndpoint(({ event_type }) => ({ status: 'accepted', event: event_type }))
