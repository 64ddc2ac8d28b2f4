import { describe, expect, it } from 'vitest'
import { explainServer, reviseError } from '../../receiver/store/postgres/errors.ts'
import { StoreUnavailable } from '../../receiver/store/store.ts'

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
    ['that is read-only', { read_only: true }, /read-only\.\n {2}-> Name the primary/],
  ])('%s is refused with a way out', (_, facts, words) => {
    expect(explainServer({ ...SERVER, ...facts })).toMatch(words)
  })
})
