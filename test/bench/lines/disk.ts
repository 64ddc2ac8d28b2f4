import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { row, type Bench, type Figures, type Line } from '../line.ts'
import { wandbScheme, writeRing } from '../load/ring.ts'
import { sendLoad } from '../load/run.ts'
import { startCountingGitHub } from '../peers/github.ts'
import { countRows, dataOf, oneAutomation, startReceiver } from '../receiver.ts'

const WANDB = wandbScheme('/webhooks/wandb')
/** Of one load: short of all requests of a ring. */
const SECONDS = 8
const PER_MILLION_MB = 100
/** What retention deletes; all else is remembered of a model when its events are gone. */
const DELETED = ['events', 'deliveries', 'attempts']

/** What is remembered of models on the disk. */
export const disk: Line = {
  name: 'disk',
  about: 'disk for what is remembered of 1,000,000 models once their events are deleted',
  long: false,
  run,
}

async function run({ folder: parent, models, say }: Bench): Promise<Figures> {
  const github = await startCountingGitHub()
  const folder = join(parent, 'disk')
  const server = await startReceiver({ folder, github_url: github.url, config: oneAutomation('staging', 1) })
  const ring = join(parent, 'ring')
  let events = 0
  while (events < models) {
    writeRing(ring, WANDB)
    await sendLoad({ port: server.port, ring, seconds: SECONDS, rate: null })
    ;({ events } = countRows(folder))
    say(`  ${events.toLocaleString('en')} models`)
  }
  rmSync(ring)
  await server.stop()
  github.close()
  const { remembered, all } = sizes(folder)
  rmSync(folder, { recursive: true })
  const million = (remembered / events) * 1_000_000
  return {
    rows: [
      row(
        {
          what: 'disk on SQLite for what is remembered of 1,000,000 models',
          ours: mb(million),
          other: `${PER_MILLION_MB} MB`,
        },
        million / (PER_MILLION_MB * 1_000_000),
        { at_most: 1 },
      ),
    ],
    notes: [
      `Disk: ${events.toLocaleString('en')} events, each about another model, which no automation matches; ${mb(remembered)} in all tables and indexes but those that retention empties (${DELETED.join(', ')}), scaled to 1,000,000. The whole file had ${mb(all)}.`,
    ],
  }
}

/** Bytes of the tables with their indexes (https://sqlite.org/dbstat.html). */
function sizes(folder: string): { remembered: number; all: number } {
  const database = new DatabaseSync(join(dataOf(folder), 'model-dispatch.sqlite'), { readOnly: true })
  const rows = database
    .prepare(
      `select coalesce(s.tbl_name, d.name) as name, sum(d.pgsize) as bytes
       from dbstat d left join sqlite_schema s on s.name = d.name group by 1`,
    )
    .all()
  database.close()
  const sum = (some: typeof rows) => some.reduce((bytes, each) => bytes + Number(each['bytes']), 0)
  return { remembered: sum(rows.filter(({ name }) => !DELETED.includes(String(name)))), all: sum(rows) }
}

const mb = (bytes: number) => `${(bytes / 1_000_000).toFixed(0)} MB`
