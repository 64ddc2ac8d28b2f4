/** How a line is to be measured. */
export interface Bench {
  /** Interleaved rounds; a ratio is the median over them. */
  rounds: number
  /** Of load in each round. */
  seconds: number
  /** Deliveries that wait, of the line `claim`. */
  waiting: number
  /** Of the line `memory`. */
  events: number
  /** Of the line `disk`. */
  models: number
  /** Another checkout of the project, with its dependencies: its receiver is measured beside this one. */
  baseline: string | null
  /** How long a load waits at most for a machine with little to do, ms. */
  quiet_ms: number
  /** An empty folder on a real disk, deleted at the end. */
  folder: string
  /** Tells a person how far it is. */
  say: (text: string) => void
}

/** One row of the table. */
export interface Row {
  what: string
  ours: string
  other: string
  /** Ours to the other's. */
  ratio: number
  /** `>= 0.9`; null where the row only explains another one. */
  goal: string | null
  met: boolean | null
}

export interface Figures {
  rows: Row[]
  /** Conditions that a reader of the rows must know, and what was skipped, one sentence or two each. */
  notes: string[]
}

/** One thing that can be measured alone: `npm run bench -- NAME`. */
export interface Line {
  name: string
  about: string
  /** Takes minutes: only with `--long`, or when named. */
  long: boolean
  run: (bench: Bench) => Promise<Figures>
}

export interface Measured extends Figures {
  line: Line
}

/** A row whose ratio must be at least, or at most, so much; null: no goal is set for it. */
export function row(
  { what, ours, other }: Pick<Row, 'what' | 'ours' | 'other'>,
  ratio: number,
  goal: { at_least: number } | { at_most: number } | null,
): Row {
  if (goal === null) return { what, ours, other, ratio, goal: null, met: null }
  const [sign, bound, met] =
    'at_least' in goal
      ? ['>=', goal.at_least, ratio >= goal.at_least]
      : ['<=', goal.at_most, ratio <= goal.at_most]
  return { what, ours, other, ratio, goal: `${sign} ${bound}`, met }
}
