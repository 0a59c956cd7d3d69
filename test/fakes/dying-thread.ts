/** A thread that ends whatever it is asked. */
import { parentPort } from 'node:worker_threads'

parentPort?.on('message', () => process.exit(1))
