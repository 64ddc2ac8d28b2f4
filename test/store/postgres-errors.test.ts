import { describe, expect, it } from 'vitest'
import { explainServer, openError, reviseError } from '../../receiver/store/postgres/errors.ts'
import { StoreRefused, StoreUnavailable } from '../../receiver/store/store.ts'

const said = (message: string, code?: string) => Object.assign(new Error(message), { code })

describe('an error of PostgreSQL', () => {
  it.each([
    ['a wrong password', said('password authentication failed', '28P01'), /Correct user and password.*%40/],
    ['no password', said('SASL: client password must be a string'), /Correct user and password/],
    ['no entry in pg_hba.conf', said('no pg_hba.conf entry', '28000'), /pg_hba\.conf.*sslmode=verify-full/],
    ['no TLS at the server', said('The server does not support SSL connections'), /Remove `sslmode`/],
    ['an unknown authority', said('self-signed', 'SELF_SIGNED_CERT_IN_CHAIN'), /sslrootcert/],
    ['another name in the certificate', said('altname', 'ERR_TLS_CERT_ALTNAME_INVALID'), /certificate names/],
    ['no such database', said('does not exist', '3D000'), /create database NAME encoding 'UTF8'/],
    ['a standby', said('cannot execute INSERT', '25006'), /primary/],
    ['a right that is missing', said('permission denied', '42501'), /grant select, insert, update, delete/],
    ['a table that is missing', said('relation does not exist', '42P01'), /grant select, insert/],
    ['too many connections', said('too many clients', '53300'), /max_connections/],
    ['a full disk', said('no space left', '53100'), /Free space/],
    ['a server that is away', said('connect ECONNREFUSED', 'ECONNREFUSED'), /Check that the server/],
  ])('%s is about the server, with what to do', (_, error, fix) => {
    const revised = reviseError(error)
    expect(revised).toBeInstanceOf(StoreUnavailable)
    expect(revised).toHaveProperty('fix', expect.stringMatching(fix))
    expect(revised.message).toContain(error.message)
  })

  it.each([
    ['a row that is there', '23505'],
    ['a text that cannot be', '22021'],
  ])('%s is about the row', (_, code) => {
    expect(reviseError(said('no', code))).not.toBeInstanceOf(StoreUnavailable)
  })
})

describe('an error of opening the store', () => {
  it.each([
    ['a wrong password', said('password authentication failed', '28P01')],
    ['no such database', said('does not exist', '3D000')],
    ['a right that is missing', said('permission denied', '42501')],
    ['an unknown authority', said('self-signed', 'SELF_SIGNED_CERT_IN_CHAIN')],
    ['no TLS at the server', said('The server does not support SSL connections')],
    ['a text that no error code explains', said('odd', '22021')],
  ])('%s is for a person to mend: it is refused', (_, error) => {
    const opened = openError(error)
    expect(opened).toBeInstanceOf(StoreRefused)
    expect(opened.message).toMatch(/^DATABASE_URL cannot be used: .*\n {2}-> ./)
  })

  it.each([
    ['a server that does not run yet', said('connect ECONNREFUSED', 'ECONNREFUSED')],
    ['a name that does not resolve yet', said('getaddrinfo ENOTFOUND db', 'ENOTFOUND')],
    ['a server that is starting up', said('the database system is starting up', '57P03')],
    ['a server that is shutting down', said('terminating connection', '57P01')],
    ['too many connections', said('too many clients', '53300')],
    ['a full disk', said('no space left', '53100')],
    ['a standby that may become the primary', said('cannot execute INSERT', '25006')],
    ['a time-out', said('timeout expired')],
  ])('%s may pass: opening can be tried again', (_, error) => {
    const opened = openError(error)
    expect(opened).toBeInstanceOf(StoreUnavailable)
    expect(opened.message).toMatch(/^DATABASE_URL cannot be used: /)
  })
})

describe('a server', () => {
  const SERVER = { version: 150_004, version_text: '15.4', encoding: 'UTF8', read_only: false }

  it('of PostgreSQL 12 or newer in UTF8 is taken', () => {
    expect(explainServer(SERVER)).toBeNull()
    expect(explainServer({ ...SERVER, version: 120_000 })).toBeNull()
  })

  it.each([
    [
      'that is too old',
      { version: 110_022, version_text: '11.22' },
      /PostgreSQL 11\.22.* 12\.\n {2}-> Upgrade/,
    ],
    ['of another encoding', { encoding: 'SQL_ASCII' }, /SQL_ASCII.*UTF8.*\n {2}-> .*encoding 'UTF8'/],
  ])('%s is refused with a way out', (_, facts, words) => {
    const refused = explainServer({ ...SERVER, ...facts })
    expect(refused).toBeInstanceOf(StoreRefused)
    expect(refused?.message).toMatch(words)
  })

  it('that is read-only may be about to become the primary', () => {
    const away = explainServer({ ...SERVER, read_only: true })
    expect(away).toBeInstanceOf(StoreUnavailable)
    expect(away?.message).toBe('DATABASE_URL cannot be used: the server is read-only.')
    expect(away).toHaveProperty('fix', expect.stringMatching(/^Name the primary/))
  })
})
