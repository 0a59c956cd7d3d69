#!/usr/bin/env node
/** The operator's and the auditor's command line; `kepctl --help` tells what there is. */
import { main } from './kepctl/main.ts'

// Whoever reads the output may have enough of it.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
})
process.exitCode = await main(process.argv.slice(2))
