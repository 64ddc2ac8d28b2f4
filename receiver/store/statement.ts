/**
 * Statements of the hot path: their texts are fixed, so each is prepared once on a connection, and several go to the
 * server in one message (`Tx.batch`). All else is asked through Kysely.
 */

/** The differences between the texts of the two engines. */
export interface Engine {
  name: 'sqlite' | 'postgres'
  /** The parameter of this number. */
  at: (number: number) => string
  /** The condition that `column` is in the list of texts that the parameter holds as JSON. */
  isIn: (column: string, number: number) => string
  /** A table with these columns; the first parameter holds its rows. */
  rows: (columns: Columns) => string
  /** Ends a select that locks its rows of the table `name`. */
  forUpdate: (name: string) => string
}

/** The columns of rows that a statement is given. */
export type Columns = Readonly<Record<string, 'text' | 'bigint' | 'bytea'>>

/** A value that a statement is given. */
export type Value = string | number | null | Uint8Array

/** A row that a statement is given: it has the statement's columns, and may have more. */
export type GivenRow = Readonly<Record<string, Value>>

/** A statement and what it is given. */
export interface Call<Row = unknown> {
  readonly name: string
  /** Null where the engine needs no such statement: it returns no rows then. */
  readonly sqlite: string | null
  readonly postgres: string
  readonly parameters: readonly Value[]
  /** Run once for each of these on SQLite, which is given no JSON then. */
  readonly each?: readonly (readonly Value[])[]
  /** Only a type: what the statement returns. */
  readonly row?: Row
}

/** The results of calls, in their order. */
export type Returned<T extends readonly Call[]> = {
  [K in keyof T]: T[K] extends Call<infer Row> ? Row[] : never
}

const SQLITE_ENGINE: Omit<Engine, 'rows'> = {
  name: 'sqlite',
  at: (number) => `?${number}`,
  isIn: (column, number) => `${column} in (select value from json_each(?${number}))`,
  forUpdate: () => '',
}

const POSTGRES_ENGINE: Engine = {
  name: 'postgres',
  at: (number) => `$${number}`,
  isIn: (column, number) => `${column} = any(array(select json_array_elements_text($${number}::json)))`,
  rows: (columns) => {
    const names = Object.entries(columns)
    const types = names.map(([name, type]) => `${name} ${type === 'bytea' ? 'text' : type}`)
    const values = names.map(([name, type]) =>
      type === 'bytea' ? `decode(${name}, 'hex') as ${name}` : name,
    )
    return `(select ${values.join(', ')} from json_to_recordset($1::json) as given(${types.join(', ')}))`
  },
  forUpdate: (name) => `for update of ${name}`,
}

const fromJson = (columns: Columns) => {
  const values = Object.keys(columns).map((name) => `value->>'${name}' as ${name}`)
  return `(select ${values.join(', ')} from json_each(?1))`
}

const fromParameters = (columns: Columns) => {
  const values = Object.keys(columns).map((name, i) => `?${i + 1} as ${name}`)
  return `(select ${values.join(', ')})`
}

/** Returns a statement that is given single values and lists of texts. `only` leaves it out on SQLite. */
export function statement<Row>(
  name: string,
  text: (engine: Engine) => string,
  { only = false } = {},
): (...parameters: readonly (Value | readonly string[])[]) => Call<Row> {
  const texts = {
    name,
    sqlite: only ? null : text({ ...SQLITE_ENGINE, rows: fromJson }),
    postgres: text(POSTGRES_ENGINE),
  }
  return (...parameters) => ({ ...texts, parameters: parameters.map(toValue) })
}

const toValue = (value: Value | readonly string[]): Value =>
  Array.isArray(value) ? JSON.stringify(value) : (value as Value)

/** Returns a statement that is given rows, and perhaps more values after them. */
export function overRows<Row>(
  name: string,
  columns: Columns,
  text: (engine: Engine) => string,
): (rows: readonly GivenRow[], ...more: readonly Value[]) => Call<Row> {
  const texts = {
    name,
    sqlite: text({ ...SQLITE_ENGINE, rows: fromJson }),
    postgres: text(POSTGRES_ENGINE),
  }
  const json = toJson(columns)
  return (rows, ...more) => ({ ...texts, parameters: [json(rows), ...more] })
}

/**
 * Returns a statement that inserts rows, in their order. `columns` are what it is given, `values` says what a column
 * gets where that is not just the given value (`r` is the given row), and `end` follows.
 */
export function inserting(
  table: string,
  columns: Columns,
  { values = {}, end = '' }: { values?: Readonly<Record<string, string>>; end?: string } = {},
): (rows: readonly GivenRow[]) => Call<never> {
  const names = Object.keys(columns)
  const into = names.join(', ')
  const from = names.map((name) => values[name] ?? `r.${name}`).join(', ')
  // "where true": without it SQLite takes `on conflict` for the condition of a join.
  const text = (rows: string) =>
    `insert into ${table} (${into}) select ${from} from ${rows} as r where true ${end}`
  const texts = {
    name: `insert_${table}`,
    sqlite: text(fromParameters(columns)),
    postgres: text(POSTGRES_ENGINE.rows(columns)),
  }
  const json = toJson(columns)
  return (rows) => ({
    ...texts,
    // Made only where it is needed: a driver reads one of the two.
    get parameters() {
      return [json(rows)]
    },
    get each() {
      return rows.map((row) => names.map((name) => row[name] ?? null))
    },
  })
}

/** Returns what writes rows as JSON; bytes are written in hex. */
function toJson(columns: Columns): (rows: readonly GivenRow[]) => string {
  const names = Object.keys(columns)
  const plain = (value: Value | undefined) =>
    value instanceof Uint8Array
      ? Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('hex')
      : value
  return (rows) =>
    JSON.stringify(rows.map((row) => Object.fromEntries(names.map((name) => [name, plain(row[name])]))))
}
