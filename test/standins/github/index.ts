import { generateKeyPairSync } from 'node:crypto'
import { StandInGitHub, type StandInOptions } from './stand-in.ts'

export type { AcceptedDispatch, ReceivedRequest, StandInGitHub, StandInOptions } from './stand-in.ts'
export type { Failure } from './failures.ts'

/** Starts a stand-in GitHub on 127.0.0.1. Close it when done. */
export async function startGitHub(options: StandInOptions = {}): Promise<StandInGitHub> {
  return await new StandInGitHub(options).listen(options.port ?? 0)
}

/** A key pair for a GitHub App, in PEM. */
export function createAppKey(): { private_key: string; public_key: string } {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  })
  return { private_key: privateKey, public_key: publicKey }
}
