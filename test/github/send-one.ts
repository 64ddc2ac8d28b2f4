import { createGitHub } from '../../receiver/github/github.ts'
import { installNetwork } from '../../receiver/outbound/network.ts'
import { dispatchTo, tokenConnection } from './connections.ts'

/** Sends one dispatch to the API address of the first argument through the receiver's network, and prints the result. */
const network = installNetwork()
const connection = tokenConnection({ api_url: process.argv[2] ?? '' })
const result = await createGitHub().dispatch(connection, dispatchTo(), AbortSignal.timeout(8000))
process.stdout.write(JSON.stringify(result))
await network.close()
