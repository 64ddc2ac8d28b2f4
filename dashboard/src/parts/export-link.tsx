import { DownloadIcon } from '@primer/octicons-react'
import { LinkButton } from '@primer/react'
import { addressOf, type Query } from '../lib/api.ts'

/** Downloads the whole list behind these filters as NDJSON: one JSON object a line, which no spreadsheet calculates. */
export function ExportLink(props: { path: string; query: Query }) {
  const { limit: _limit, cursor: _cursor, ...filters } = props.query
  return (
    <LinkButton href={addressOf(`/export${props.path}`, filters)} leadingVisual={DownloadIcon} download="">
      Export
    </LinkButton>
  )
}
