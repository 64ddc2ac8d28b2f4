/** The receiver over a store that keeps nothing: beside it, the receiver itself shows what the disk costs. */
import { emptyStore, startReceiverOver } from './receiver-over.ts'

await startReceiverOver(emptyStore(), process.env)
